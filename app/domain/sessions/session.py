"""What the rest of the code knows of a session."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

FIRST_PARTY = "first-party"
"""The client of our own log-ins."""


class EndReason(StrEnum):
    """Why a session ended: the whole list."""

    LOGOUT = "logout"
    LOGOUT_ALL = "logout_all"
    ENDED_BY_USER = "ended_by_user"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a reason's name
    USER_DISABLED = "user_disabled"
    USER_DELETED = "user_deleted"
    ENDED_BY_ADMIN = "ended_by_admin"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  # a reason's name
    IDLE = "idle"
    EXPIRED = "expired"
    LIMIT = "limit"


def settled_end(
    ended_at: datetime | None,
    end_reason: str | None,
    *,
    idle_expires_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> tuple[datetime | None, EndReason | None]:
    """When and why a stored session ended: as its row says, or by lapsing unused, which nobody writes down."""
    lapsed_at = min(idle_expires_at, expires_at)
    if ended_at is None and lapsed_at <= now:
        return lapsed_at, EndReason.IDLE if idle_expires_at < expires_at else EndReason.EXPIRED
    return ended_at, EndReason(end_reason) if end_reason else None


@dataclass(frozen=True)
class SessionView:
    """A session as its owner sees it."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None
    ended_at: datetime | None
    end_reason: EndReason | None


@dataclass(frozen=True)
class LiveSession:
    """A session that may issue tokens now, with what they say about the user: one version of each row."""

    id: UUID
    user_id: UUID
    client: str
    scope: tuple[str, ...]
    amr: tuple[str, ...]
    auth_time: datetime
    generation: int
    access_expires_at: datetime
    idle_expires_at: datetime
    username: str
    roles: tuple[str, ...]
    epoch: int


@dataclass(frozen=True)
class EndedSession:
    """A session that was just ended, and until when its access tokens would live."""

    id: UUID
    access_expires_at: datetime


@dataclass(frozen=True)
class SessionTokens:
    """What a log-in or a refresh hands out. Lifetimes in whole seconds."""

    session_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    scope: tuple[str, ...]

    def __repr__(self) -> str:
        return f"SessionTokens(session_id={self.session_id})"
