"""Writes revocations, and wakes those who follow them when the transaction commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, Insert, and_, delete, exists, func, insert, literal, or_, select

from app.database.engine import Transaction
from app.domain.revocation.entries import Entry, Kind, entry_from_row
from app.domain.revocation.models import Revocation

CHANNEL = "signet_revocations"
"""PostgreSQL's NOTIFY channel; the message is empty, it only says that there is something to read."""


_SUBJECTS_AT_ONCE = 1_000


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

    async def list_refusing(self, db: Transaction, subjects: Mapping[Kind, str], epoch: int) -> list[Entry]:
        """The live entries for these subjects, oldest first; of a user's those that refuse this epoch."""
        table = Revocation.__table__.c
        names = ("kind", "subject", "min_epoch", "reason", "created_at", "expires_at")
        statement = (
            select(*(table[name] for name in names))
            .where(
                or_(*(and_(table.kind == kind.value, table.subject == subject) for kind, subject in subjects.items())),
                or_(table.min_epoch.is_(None), table.min_epoch > epoch),
                or_(table.expires_at.is_(None), table.expires_at > db.now),
            )
            .order_by(table.seq)
        )
        found = [entry_from_row((*row,)) for row in await db.execute(statement)]
        return [entry for entry in found if entry is not None]

    async def list_about(self, db: Transaction, subjects: Sequence[str]) -> list[Entry]:
        """The stored entries for these users and sessions, expired or not, oldest first."""
        table = Revocation.__table__.c
        names = ("kind", "subject", "min_epoch", "reason", "created_at", "expires_at")
        found: list[tuple[int, Entry]] = []
        for start in range(0, len(subjects), _SUBJECTS_AT_ONCE):
            statement = select(table.seq, *(table[name] for name in names)).where(
                table.kind.in_((Kind.USER.value, Kind.SESSION.value)),
                table.subject.in_(subjects[start : start + _SUBJECTS_AT_ONCE]),
            )
            found += [(seq, entry) for seq, *row in await db.execute(statement) if (entry := entry_from_row((*row,)))]
        return [entry for _, entry in sorted(found, key=itemgetter(0))]

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
