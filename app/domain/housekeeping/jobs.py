"""What the service does by itself, over and over: keeps a next signing key, and prunes what has ended.

Every worker runs this; what two of them do at once is harmless, since each step takes its turn in the database. Nothing
here may stop a request: steps are small, and a failure is logged and tried again.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from app.clock import Clock
from app.database.engine import Database
from app.domain.keys.service import SigningKeys
from app.domain.revocation.service import Revocations
from app.domain.sessions.repository import SessionRepository
from app.errors import UnavailableError

_log = structlog.get_logger("signet.housekeeping")
_BATCH = 500
_KEPT_AFTER_EXPIRY = timedelta(hours=24)
"""How long an ended session's reason can still be seen."""
_PRUNE_EVERY = timedelta(minutes=5)
_RETRY_AFTER = timedelta(seconds=2)
"""How soon a job is tried again that found the database away."""
_random = secrets.SystemRandom()


class Housekeeping:
    """The jobs, and the task that runs them."""

    def __init__(
        self,
        *,
        database: Database,
        keys: SigningKeys,
        revocations: Revocations,
        sessions: SessionRepository,
        clock: Clock,
        jwks_max_age: timedelta,
    ) -> None:
        self._database = database
        self._keys = keys
        self._revocations = revocations
        self._sessions = sessions
        self._clock = clock
        self._reload_every = min(timedelta(seconds=30), jwks_max_age / 2)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin."""
        self._tasks = [
            asyncio.create_task(self._every("keys", self._reload_every, self._see_to_keys), name="keys"),
            asyncio.create_task(self._every("prune", _PRUNE_EVERY, self.prune), name="prune"),
        ]

    async def stop(self) -> None:
        """Stop; a step that runs is cut off, and its transaction rolls back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def prune(self) -> dict[str, int]:
        """Delete what nobody can see or need any more, in small batches; how many there were of each kind."""
        sessions = 0
        while True:
            async with self._database.transaction() as db:
                deleted = await self._sessions.prune(db, expired_before=db.now - _KEPT_AFTER_EXPIRY, limit=_BATCH)
            sessions += deleted
            if deleted < _BATCH:
                break
        return {
            "sessions": sessions,
            "revocations": await self._revocations.prune(self._database, self._clock.now()),
            "keys": await self._keys.prune(),
        }

    async def _see_to_keys(self) -> None:
        """Load the ring, and see that there is a next key."""
        await self._keys.ensure()

    async def _every(self, name: str, period: timedelta, job: Callable[[], Awaitable[object]]) -> None:
        pause = period
        while True:
            await asyncio.sleep(pause.total_seconds() * _random.uniform(0.8, 1.2))
            pause = period
            try:
                await job()
            except UnavailableError as error:
                pause = min(period, _RETRY_AFTER)
                _log.warning("housekeeping postponed", job=name, reason=error.code)
            except Exception:  # noqa: BLE001  # it must go on for ever; the log has the defect
                _log.exception("housekeeping failed", job=name)
