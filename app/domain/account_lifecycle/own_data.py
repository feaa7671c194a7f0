"""Collects everything that is held about a user, for that user (GDPR articles 15 and 20)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.database.engine import Database
from app.domain.accounts.account import Account
from app.domain.accounts.repository import UserRepository
from app.domain.revocation.entries import Entry
from app.domain.revocation.service import Revocations
from app.domain.sessions.records import SessionRecord, list_records


@dataclass(frozen=True)
class OwnData:
    """What is held about a user, as of one moment."""

    collected_at: datetime
    user: Account
    username_key: str
    email_key: str | None
    sessions: list[SessionRecord]
    revocations: list[Entry]


class OwnDataExport:
    """Collecting one's own data."""

    def __init__(self, *, database: Database, users: UserRepository, revocations: Revocations) -> None:
        self._database = database
        self._users = users
        self._revocations = revocations

    async def collect(self, user_id: UUID) -> OwnData | None:
        """Everything, from one state of the database; None when the user may have no tokens any more."""
        async with self._database.snapshot() as db:
            user = await self._users.find_current(db, user_id)
            if user is None:
                return None
            username_key, email_key = await self._users.get_keys(db, user_id)
            sessions = await list_records(db, user_id)
            revocations = await self._revocations.list_about(db, user_id, [session.id for session in sessions])
            return OwnData(db.now, user, username_key, email_key, sessions, revocations)
