"""The bodies of the administrators' routes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.models import Body, Moment
from app.domain.keys.service import KeyView


class UserChangeRequest(Body):
    """What to change about a user; what is left out stays. An administrator never sets a password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com", "email_verified": True}]})

    username: str | None = Field(None, max_length=256)
    email: str | None = Field(None, max_length=320)
    email_verified: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _only_the_address_may_be_null(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in ("username", "email_verified"):
                if name in given and given[name] is None:
                    message = f"{name} must not be null"
                    raise ValueError(message)
        return given


class RotateRequest(Body):
    """How to rotate."""

    now: bool = Field(default=False, description="Sign with the next key at once, without waiting until it is known.")


class SigningKey(BaseModel):
    """A signing key's life."""

    kid: str
    algorithm: str
    state: Literal["next", "active", "retiring", "gone"]
    created_at: Moment
    published_at: Moment
    activates_at: Moment
    retires_at: Moment | None
    gone_at: Moment | None

    @classmethod
    def of(cls, key: KeyView) -> "SigningKey":
        """The body for this key."""
        return cls.model_validate(key, from_attributes=True)


class SigningKeys(BaseModel):
    """All signing keys, those that are gone too while they are kept."""

    items: list[SigningKey]
    next_cursor: None = None
