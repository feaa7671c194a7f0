"""Writes revocations, and wakes those who follow them when the transaction commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Insert, delete, exists, func, insert, literal, or_, select

from app.database.engine import Transaction
from app.domain.revocation.entries import Entry
from app.domain.revocation.models import Revocation

CHANNEL = "signet_revocations"
"""PostgreSQL's NOTIFY channel; the message is empty, it only says that there is something to read."""


class RevocationRepository:
    """The table of revocations."""

    async def add(self, db: Transaction, entries: Sequence[Entry]) -> None:
        """Insert `entries` (one statement up to some thousands) and have their followers woken at commit."""
        if entries:
            await db.execute(_waking(db, insert(Revocation)), [_columns(entry) for entry in entries])

    async def add_unless_known(self, db: Transaction, entry: Entry) -> None:
        """Insert `entry` unless one of its kind and subject lives as long, to the minute.

        One statement. Two at once may both insert: two rows say what one says.
        """
        columns = _columns(entry)
        table = Revocation.__table__.c
        known = exists().where(Revocation.kind == entry.kind.value, Revocation.subject == entry.subject)
        if entry.expires_at is None:
            known = known.where(Revocation.expires_at.is_(None))
        else:
            minute = entry.expires_at.replace(second=0, microsecond=0)
            known = known.where(or_(Revocation.expires_at.is_(None), Revocation.expires_at >= minute))
        source = select(*(literal(value, table[name].type) for name, value in columns.items())).where(~known)
        await db.execute(_waking(db, insert(Revocation).from_select(list(columns), source)))

    async def delete_expired(self, db: Transaction, now: datetime, limit: int) -> int:
        """Delete at most `limit` rows that expired before `now`. How many."""
        batch = (
            select(Revocation.seq).where(Revocation.expires_at < now).order_by(Revocation.expires_at).limit(limit)
        ).scalar_subquery()
        return (await db.execute(delete(Revocation).where(Revocation.seq.in_(batch)))).rowcount


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind.value,
        "subject": entry.subject,
        "min_epoch": entry.min_epoch,
        "reason": entry.reason,
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
    }


def _waking(db: Transaction, statement: Insert) -> Executable:
    """The same insert, which on PostgreSQL also sends the notice: once a transaction, however many rows."""
    if db.dialect != "postgresql":
        return statement
    return statement.returning(func.pg_notify(CHANNEL, ""))
