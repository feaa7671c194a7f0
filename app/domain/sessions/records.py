"""Everything that is stored about a user's sessions, for the owner."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.database.engine import Transaction
from app.domain.sessions.models import Session
from app.domain.sessions.session import EndReason, settled_end


@dataclass(frozen=True)
class SessionRecord:
    """A row, whose columns are explained at the table; only the digest of the last retry key is left out."""

    id: UUID
    client: str
    label: str | None
    ip: str | None
    user_agent: str | None
    scope: tuple[str, ...]
    amr: tuple[str, ...]
    auth_time: datetime
    generation: int
    rotated_at: datetime
    retry_key_counts: bool
    created_at: datetime
    last_used_at: datetime
    access_expires_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    end_reason: EndReason | None


async def list_records(db: Transaction, user_id: UUID) -> list[SessionRecord]:
    """The user's sessions that have not been pruned, oldest first; one that lapsed unused is told as ended then."""
    names = [field.name for field in fields(SessionRecord)]
    statement = (
        select(*(Session.__table__.c[name] for name in names)).where(Session.user_id == user_id).order_by(Session.id)
    )
    records = []
    for row in await db.execute(statement):
        columns = dict(zip(names, row, strict=True))
        columns["ended_at"], columns["end_reason"] = settled_end(
            columns["ended_at"],
            columns["end_reason"],
            idle_expires_at=columns["idle_expires_at"],
            expires_at=columns["expires_at"],
            now=db.now,
        )
        records.append(SessionRecord(**columns))
    return records
