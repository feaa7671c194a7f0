"""Revokes access tokens, and answers from memory, at every use, whether one is revoked.

The promise: an acknowledged revocation is refused at once by the worker that took it; by every worker in contact with
the database within a second; by every worker, whatever happens, within `max_staleness`.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.clock import Clock
from app.database.engine import Transaction
from app.domain.revocation.entries import Entry, Kind
from app.domain.revocation.errors import StaleRevocationsError
from app.domain.revocation.feed import POLL_LIMIT, Follower
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.writer import RevocationWriter

SKEW_NOT_READY = 30.0
"""Seconds between our clock and the database's from which on this worker is not ready."""

_PATIENCE = POLL_LIMIT + 0.5

_log = structlog.get_logger("signet.revocation")


class Revocations(RevocationWriter):
    """One worker's knowledge of revocations, and the way to add to it."""

    def __init__(
        self,
        index: RevocationIndex,
        follower: Follower,
        clock: Clock,
        max_staleness: timedelta,
        access_lifetime: timedelta,
    ) -> None:
        super().__init__(access_lifetime, self.apply)
        self._index = index
        self._follower = follower
        self._clock = clock
        self._max_staleness = max_staleness.total_seconds()
        self._subscribers: list[Callable[[Entry], None]] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the live entries, then follow until `stop`.

        Without a database it starts all the same, knows nothing, refuses every use and is not ready until it can load.
        """
        try:
            await self._follower.load(self)
        except Exception as error:  # noqa: BLE001  # run() tries again for ever and complains for as long
            _log.warning("revocations_not_loaded", error=f"{type(error).__name__}: {error}")
        self._task = asyncio.create_task(self._follower.run(), name="revocations")

    async def stop(self) -> None:
        """Stop following and give the connection up."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._follower.close()

    @property
    def age_seconds(self) -> float:
        """How old this worker's knowledge is, now; infinite before it was loaded."""
        return self._follower.age_seconds()

    @property
    def fresh(self) -> bool:
        """Whether `refuses` may be believed now."""
        return self._follower.age_seconds() <= self._max_staleness

    @property
    def clock_skew_seconds(self) -> float:
        """How far the database's clock is ahead of this machine's, at the last poll; 0 where they are one."""
        return self._follower.clock_skew_seconds

    @property
    def ready_detail(self) -> str | None:
        """Why this worker is not ready, in a sentence for the operator; None when it is."""
        age, skew = self.age_seconds, self._follower.clock_skew_seconds
        if age == math.inf:
            return "the revocations have not been loaded yet"
        if age > self._max_staleness:
            return f"the revocations are {age:.0f} s old, more than the {self._max_staleness:.0f} s allowed"
        if abs(skew) > SKEW_NOT_READY:
            return f"the database's clock differs from this machine's by {skew:.0f} s"
        return None

    async def wait_until_fresh(self) -> None:
        """Return at once while the index is fresh enough, else after one poll that began later.

        That poll is shared by all who wait.  To be awaited directly before every `refuses`.

        Raises:
            StaleRevocationsError: that poll failed, or took longer than about a second.
        """
        if self.fresh:
            return
        if await self._follower.poll(within=_PATIENCE) and self.fresh:
            return
        raise StaleRevocationsError(retry_after=1)

    def refuses(self, *, session_id: UUID, token_id: str, user_id: UUID, epoch: int, key_id: str) -> bool:
        """Whether an access token with these claims is revoked, as far as this worker knows. O(1), from memory."""
        return self._index.refuses(
            session_id=session_id, token_id=token_id, user_id=user_id, epoch=epoch, key_id=key_id
        )

    async def list_refusing(self, db: Transaction, subjects: Mapping[Kind, str], epoch: int) -> list[Entry]:
        """The stored entries that refuse an access token of these subjects and epoch, each with its reason."""
        return await self._repository.list_refusing(db, subjects, epoch)

    def sizes(self) -> dict[Kind, int]:
        """How many entries are held, by kind."""
        return self._index.sizes()

    def subscribe(self, callback: Callable[[Entry], None]) -> None:
        """Have `callback` called for every entry that is news to this worker. It must not wait."""
        self._subscribers.append(callback)

    def apply(self, entries: Sequence[Entry]) -> None:
        """Take entries into this worker's index and tell the subscribers what is news. For the follower."""
        for entry in self._index.apply(entries):
            for subscriber in self._subscribers:
                try:
                    subscriber(entry)
                except Exception:  # noqa: BLE001  # the others, and the follower, go on
                    _log.exception("revocation_subscriber_failed", kind=entry.kind.value)

    def forget(self, now: datetime) -> None:
        """Let go of what has expired by `now`. For the follower."""
        self._index.prune(now)
