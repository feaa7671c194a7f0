"""The table of revocations."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base
from app.database.column_types import UtcDateTime
from app.database.dialects import Xid8, current_xact_id


class Revocation(Base):
    """One entry. No foreign keys: an entry outlives the session, user or key it speaks of.

    Followers find new entries by `xid` on PostgreSQL (a `seq` may commit after a larger one) and by `seq` on SQLite
    (one writer; AUTOINCREMENT, since a plain rowid is reused after pruning). `expires_at` is empty for a key: never.
    """

    __tablename__ = "revocations"
    __table_args__ = (
        Index("ix_revocations_xid", "xid"),
        Index("ix_revocations_kind_subject", "kind", "subject"),
        Index("ix_revocations_expires_at", "expires_at"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8, server_default=current_xact_id())
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    min_epoch: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
