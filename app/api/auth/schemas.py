"""The bodies of the routes for registering, logging in, refreshing and logging out."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.models import Body, Password
from app.domain.sessions.session import SessionTokens

_SCOPE = r"^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$"
"""RFC 6749 section 3.3."""


class RegisterRequest(Body):
    """A new user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "ada", "password": "correct horse battery staple", "email": "ada@example.org"}]
        }
    )

    username: str = Field(max_length=256, description="3 to 64 letters, digits, `.`, `_` or `-`.")
    password: Password
    email: str | None = Field(None, max_length=320)


class LoginRequest(Body):
    """A person who wants a session."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "ada", "password": "correct horse battery staple"}]}
    )

    username: str = Field(max_length=320, description="The username, or the e-mail address.")
    password: Password
    scope: str | None = Field(
        None, max_length=1024, pattern=_SCOPE, description="Scopes, separated by spaces; by default all one may have."
    )


class RefreshRequest(Body):
    """A refresh token to rotate."""

    refresh_token: str = Field(repr=False)


class LogoutRequest(Body):
    """A refresh token whose session is to end; it decides when a bearer token came as well."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    refresh_token: str | None = Field(None, repr=False)


class TokenPair(BaseModel):
    """Tokens (RFC 6749 section 5.1). Lifetimes in seconds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "access_token": "eyJhbGciOiJFUzI1NiIs…",
                    "token_type": "Bearer",
                    "expires_in": 600,
                    "refresh_token": "sgr_AT…",
                    "refresh_expires_in": 1209600,
                    "scope": "account",
                }
            ]
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # a scheme's name
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    scope: str

    @classmethod
    def of(cls, tokens: SessionTokens) -> "TokenPair":
        """The body for these tokens."""
        return cls(
            access_token=tokens.access_token,
            expires_in=tokens.expires_in,
            refresh_token=tokens.refresh_token,
            refresh_expires_in=tokens.refresh_expires_in,
            scope=" ".join(tokens.scope),
        )
