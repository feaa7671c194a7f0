"""The table of users."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base
from app.database.column_types import UtcDateTime, Words


class User(Base):
    """A person who can sign in.

    `username_key` and `email_key` are the forms that are compared (and unique); beside them stands what is shown.
    Roles live in this row, so that roles and epoch always come from one version of it. The epoch only rises; an access
    token with a lower one is refused once a revocation says so.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    username_key: Mapped[str] = mapped_column(Text, unique=True)
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(Text, unique=True)
    email_verified: Mapped[bool]
    password_hash: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool]
    roles: Mapped[tuple[str, ...]] = mapped_column(Words)
    epoch: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
