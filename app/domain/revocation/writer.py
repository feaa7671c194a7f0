"""Revokes: writes entries in the caller's transaction, and has them refused here as soon as that is committed."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.database.engine import Database, Transaction
from app.domain.revocation.entries import Entry, Kind
from app.domain.revocation.repository import RevocationRepository

SLACK = timedelta(seconds=120)
"""How long an entry outlives the last access token it could concern: for other verifiers' leeway."""

_KEPT_AFTER_EXPIRY = timedelta(days=1)
_BATCH = 1_000


class RevocationWriter:
    """The ways to revoke. Each takes effect with the commit of `db`, and not at all when that is rolled back."""

    def __init__(self, access_lifetime: timedelta, committed: Callable[[Sequence[Entry]], None]) -> None:
        self._access_lifetime = access_lifetime
        self._committed = committed
        self._repository = RevocationRepository()

    async def revoke_session(
        self, db: Transaction, session_id: UUID, *, reason: str, access_expires_at: datetime | None
    ) -> None:
        """Refuse the access tokens of a session. `access_expires_at`: when the last that was issued expires."""
        await self._add(
            db, [self._entry(db, Kind.SESSION, str(session_id), reason=reason, access_expires_at=access_expires_at)]
        )

    async def revoke_session_once(
        self, db: Transaction, session_id: UUID, *, reason: str, access_expires_at: datetime | None
    ) -> None:
        """The same, but without a further row where one lives as long to the minute: dead logouts add nothing."""
        entry = self._entry(db, Kind.SESSION, str(session_id), reason=reason, access_expires_at=access_expires_at)
        await self._repository.add_unless_known(db, entry)
        db.after_commit(lambda: self._committed((entry,)))

    async def revoke_sessions(
        self, db: Transaction, sessions: Iterable[tuple[UUID, datetime | None]], *, reason: str
    ) -> None:
        """Refuse the access tokens of several sessions, each given with its `access_expires_at`."""
        await self._add(
            db,
            [
                self._entry(db, Kind.SESSION, str(sid), reason=reason, access_expires_at=expiry)
                for sid, expiry in sessions
            ],
        )

    async def revoke_user(
        self, db: Transaction, user_id: UUID, *, min_epoch: int, reason: str, access_expires_at: datetime | None
    ) -> None:
        """Refuse a user's access tokens of a lower epoch. `access_expires_at`: the latest of all the sessions."""
        await self._add(
            db,
            [
                self._entry(
                    db, Kind.USER, str(user_id), reason=reason, access_expires_at=access_expires_at, min_epoch=min_epoch
                )
            ],
        )

    async def revoke_token(
        self, db: Transaction, token_id: str, *, reason: str, access_expires_at: datetime | None
    ) -> None:
        """Refuse one access token, by its `jti`."""
        await self._add(db, [self._entry(db, Kind.TOKEN, token_id, reason=reason, access_expires_at=access_expires_at)])

    async def revoke_key(self, db: Transaction, kid: str, *, reason: str) -> None:
        """Refuse all that a signing key has signed or will sign, for ever: its thief could mint any `exp`."""
        await self._add(db, [Entry(Kind.KEY, kid, None, reason, db.now, None)])

    async def list_about(self, db: Transaction, user_id: UUID, session_ids: Iterable[UUID]) -> list[Entry]:
        """The entries that are stored about a user and these sessions, oldest first."""
        return await self._repository.list_about(db, [str(user_id), *map(str, session_ids)])

    async def prune(self, database: Database, now: datetime) -> int:
        """Delete the rows that expired a day before `now`, in small transactions. How many.

        A day, since a clock that was wrong for a while must not delete what counts again once it is set right.
        """
        total = 0
        while True:
            async with database.transaction() as db:
                deleted = await self._repository.delete_expired(db, now - _KEPT_AFTER_EXPIRY, _BATCH)
            total += deleted
            if deleted < _BATCH:
                return total

    async def _add(self, db: Transaction, entries: Sequence[Entry]) -> None:
        await self._repository.add(db, entries)
        db.after_commit(lambda: self._committed(entries))

    def _entry(
        self,
        db: Transaction,
        kind: Kind,
        subject: str,
        *,
        reason: str,
        access_expires_at: datetime | None,
        min_epoch: int | None = None,
    ) -> Entry:
        # A refresh may be under way whose token lives a whole lifetime from now on.
        last = max(access_expires_at or db.now, db.now + self._access_lifetime)
        return Entry(kind, subject, min_epoch, reason, db.now, last + SLACK)
