"""Whether this worker can serve: each part by name, with what the operator should know when it cannot."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exc, text

from app.clock import Clock
from app.database import schema
from app.database.engine import Database
from app.domain.keys.keyring import Keyring
from app.domain.revocation.service import Revocations
from app.errors import UnavailableError

_REMEMBERED_SECONDS = 1.0
_REWRITE = text("UPDATE alembic_version SET version_num = version_num RETURNING version_num")


@dataclass(frozen=True)
class Check:
    """One part."""

    ok: bool
    detail: str


class Readiness:
    """Asks every part, at most once a second however often it is asked itself."""

    def __init__(self, *, database: Database, keyring: Keyring, revocations: Revocations, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._revocations = revocations
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._database_checks: dict[str, Check] = {}

    async def checks(self) -> dict[str, Check]:
        """The state of each part now."""
        async with self._asking:
            if self._clock.boottime() - self._asked_at >= _REMEMBERED_SECONDS:
                self._database_checks = await self._ask_database()
                self._asked_at = self._clock.boottime()
        return self._database_checks | {
            "keys": self._keys(self._clock.now()),
            "revocations": self._revocation(),
        }

    async def _ask_database(self) -> dict[str, Check]:
        """One statement that commits a write tells both whether the database commits and where its schema stands."""
        try:
            async with self._database.transaction() as db:
                revision = (await db.execute(_REWRITE)).scalar_one_or_none()
        except UnavailableError as error:
            cause = type(error.__cause__).__name__
            away = Check(ok=False, detail=f"the database does not commit ({cause}): see `signet migrate` and its log")
            return {"database": away, "migrations": Check(ok=False, detail="unknown while the database is away")}
        except exc.DBAPIError:  # it answered: there is no such table
            return {"database": Check(ok=True, detail="answers"), "migrations": self._migrations(None)}
        return {"database": Check(ok=True, detail="commits"), "migrations": self._migrations(revision)}

    @staticmethod
    def _migrations(revision: str | None) -> Check:
        if schema.is_served_by_this_release(revision):
            return Check(ok=True, detail=f"at {revision}")
        return Check(
            ok=False, detail=f"at {revision or 'no revision'}, not at {schema.head_revision()}: run `signet migrate`"
        )

    def _keys(self, now: datetime) -> Check:
        try:
            active = self._keyring.active(now)
        except UnavailableError as error:
            return Check(ok=False, detail=error.title)
        return Check(ok=True, detail=f"{active.kid} signs with {active.algorithm}")

    def _revocation(self) -> Check:
        detail = self._revocations.ready_detail
        return Check(ok=detail is None, detail=detail or "fresh")
