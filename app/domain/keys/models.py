"""The table of signing keys."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base
from app.database.column_types import UtcDateTime


class SigningKey(Base):
    """One signing key. Its state (next, active, retiring, gone) is not stored: the times decide (`lifecycle`).

    `sealed_key` is the private key, or the shared secret, sealed under the master secret with `kid` bound to it.
    `public_jwk` is empty for a shared secret.
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    algorithm: Mapped[str] = mapped_column(Text)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    public_jwk: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activates_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
