"""The table of sessions. It holds no refresh token and no digest of one, only the newest generation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base
from app.database.column_types import UtcDateTime, Words


class Session(Base):
    """One signed-in device.

    `generation` is the newest refresh token's; `rotated_at` when it became so. `retry_key` is a digest of the
    Idempotency-Key of the last rotation, which counts unless the rotation before had the same. `access_expires_at` is
    when the last access token that was issued here expires, at the latest; it is never lowered.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_user_id_ended_at", "user_id", "ended_at"),
        Index("ix_sessions_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    client: Mapped[str] = mapped_column(Text)
    scope: Mapped[tuple[str, ...]] = mapped_column(Words)
    amr: Mapped[tuple[str, ...]] = mapped_column(Words)
    auth_time: Mapped[datetime] = mapped_column(UtcDateTime)
    generation: Mapped[int] = mapped_column(BigInteger)
    rotated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retry_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    retry_key_counts: Mapped[bool]
    access_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    label: Mapped[str | None] = mapped_column(Text)
