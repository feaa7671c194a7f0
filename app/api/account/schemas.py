"""The bodies of the routes about the current user."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.models import Body, Moment, Password
from app.domain.accounts.account import Account
from app.domain.sessions.session import SessionView


class User(BaseModel):
    """A user, without anything secret."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool
    is_active: bool
    roles: list[str]
    created_at: Moment
    updated_at: Moment
    last_login_at: Moment | None

    @classmethod
    def of(cls, account: Account) -> "User":
        """The body for this user."""
        return cls(
            id=account.id,
            username=account.username,
            email=account.email,
            email_verified=account.email_verified,
            is_active=account.is_active,
            roles=list(account.roles),
            created_at=account.created_at,
            updated_at=account.updated_at,
            last_login_at=account.last_login_at,
        )


class EmailChangeRequest(Body):
    """A new address (null removes it)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "ada@example.com", "current_password": "correct horse battery staple"}]
        }
    )

    email: str | None = Field(max_length=320)
    current_password: Password


class PasswordChangeRequest(Body):
    """A new password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "current_password": "correct horse battery staple",
                    "new_password": "staple battery horse incorrect",
                }
            ]
        }
    )

    current_password: Password
    new_password: Password


class CurrentPasswordRequest(Body):
    """Proof that it is really you."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"current_password": "correct horse battery staple"}]})

    current_password: Password


class Session(BaseModel):
    """A signed-in device; `current` is the one that asks. The last two are null while it lives."""

    model_config = ConfigDict(title="Session")

    id: UUID
    created_at: Moment
    last_used_at: Moment
    expires_at: Moment
    ip: str | None
    user_agent: str | None
    current: bool
    ended_at: Moment | None = None
    end_reason: str | None = None

    @classmethod
    def of(cls, session: SessionView, *, current: UUID | None) -> "Session":
        """The body for this session."""
        return cls(
            id=session.id,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            ip=session.ip,
            user_agent=session.user_agent,
            current=session.id == current,
            ended_at=session.ended_at,
            end_reason=session.end_reason,
        )
