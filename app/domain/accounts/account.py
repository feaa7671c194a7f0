"""What the rest of the code knows of a user; the hash is in `Credentials` alone, only where one is checked."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

ADMIN = "admin"
"""The one role that means something to Signet."""
MAX_ROLES = 32


@dataclass(frozen=True)
class Account:
    """A user as stored, without the hash."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool
    is_active: bool
    roles: tuple[str, ...]
    epoch: int
    created_at: datetime
    updated_at: datetime
    last_login_at: datetime | None

    @property
    def is_administrator(self) -> bool:
        """Whether the user holds the role `admin`."""
        return ADMIN in self.roles


@dataclass(frozen=True)
class NewUser:
    """A user to be stored: with the forms of name and address that are compared, and the hash."""

    account: Account
    username_key: str
    email_key: str | None
    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """What a password is checked against."""

    user_id: UUID
    username: str
    email: str | None
    password_hash: str
    may_have_tokens: bool

    def __repr__(self) -> str:
        return f"Credentials(user_id={self.user_id})"


@dataclass(frozen=True)
class UserFilter:
    """Which users to list."""

    search: str | None = None
    role: str | None = None
    is_active: bool | None = None
