"""Security events: a closed list, each written as one structured log line.

Who, what, when, from where and how it ended; never a token, a password or a hash.
"""

from enum import StrEnum
from typing import Literal
from uuid import UUID

import structlog

from app.domain.audit.origin import Origin

_log = structlog.get_logger("signet.security")


class Event(StrEnum):
    """Everything that is recorded."""

    USER_REGISTERED = "user_registered"
    USER_CREATED = "user_created"
    USERS_IMPORTED = "users_imported"
    LOGIN_SUCCEEDED = "login_succeeded"
    LOGIN_UNKNOWN_USER = "login_unknown_user"
    LOGIN_WRONG_PASSWORD = "login_wrong_password"  # noqa: S105  # an event's name
    LOGIN_USER_DISABLED = "login_user_disabled"
    CURRENT_PASSWORD_WRONG = "current_password_wrong"  # noqa: S105  # an event's name
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # an event's name
    PASSWORD_UPGRADED = "password_upgraded"  # noqa: S105  # an event's name
    EMAIL_CHANGED = "email_changed"
    USER_UPDATED = "user_updated"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_DELETED = "user_deleted"
    ROLE_GRANTED = "role_granted"
    ROLE_TAKEN = "role_taken"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_REFUSED = "session_refused"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  # an event's name
    REFRESH_TOKEN_FORGED = "refresh_token_forged"  # noqa: S105  # an event's name
    TOKEN_REFUSED = "token_refused"  # noqa: S105  # an event's name
    KEY_ROTATED = "key_rotated"
    KEY_REVOKED = "key_revoked"


class Audit:
    """Records security events."""

    def record(
        self,
        event: Event,
        *,
        outcome: Literal["success", "failure"] = "success",
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        actor_id: UUID | None = None,
        origin: Origin | None = None,
        reason: str | None = None,
        count: int | None = None,
    ) -> None:
        """Write one event, about `count` users at once. `reason` is a word of ours, never text from outside."""
        fields = {
            "outcome": outcome,
            "user_id": user_id and str(user_id),
            "session_id": session_id and str(session_id),
            "actor_id": actor_id and str(actor_id),
            "ip": origin and origin.ip,
            "user_agent": origin and origin.user_agent,
            "reason": reason,
            "count": count,
        }
        _log.info(event.value, **{name: value for name, value in fields.items() if value is not None})
