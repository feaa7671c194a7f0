"""What an access token says (RFC 9068 section 2.2), and how that is written as JSON and read back: strictly. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.domain.tokens.errors import InvalidTokenError
from app.ids import parse_id

_LAST_SECOND = 253402300799
"""9999-12-31T23:59:59Z."""
_LARGEST_EPOCH = 2**63 - 1


@dataclass(frozen=True)
class AccessClaims:
    """The claims of an access token. Moments are in whole seconds, as RFC 7519 section 2 writes them (NumericDate).

    `session_id` (`sid`) and `epoch` are what revocations speak of; `username` is `preferred_username`.
    """

    issuer: str
    subject: UUID
    audience: str
    client_id: str
    issued_at: datetime
    not_before: datetime
    expires_at: datetime
    token_id: str
    session_id: UUID
    epoch: int
    scope: tuple[str, ...]
    roles: tuple[str, ...]
    username: str
    auth_time: datetime
    amr: tuple[str, ...]

    def to_payload(self) -> dict[str, Any]:
        """The claims under their registered names."""
        return {
            "iss": self.issuer,
            "sub": str(self.subject),
            "aud": self.audience,
            "client_id": self.client_id,
            "iat": int(self.issued_at.timestamp()),
            "nbf": int(self.not_before.timestamp()),
            "exp": int(self.expires_at.timestamp()),
            "jti": self.token_id,
            "sid": str(self.session_id),
            "epoch": self.epoch,
            "scope": " ".join(self.scope),
            "roles": list(self.roles),
            "preferred_username": self.username,
            "auth_time": int(self.auth_time.timestamp()),
            "amr": list(self.amr),
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "AccessClaims":
        """The claims of a payload. Every one must be there and of its very type; ones we do not know are ignored.

        Raises:
            InvalidTokenError: one is missing, or is anything else than `to_payload` would have written.
        """
        return cls(
            issuer=_text(payload, "iss"),
            subject=_id(payload, "sub"),
            audience=_text(payload, "aud"),
            client_id=_text(payload, "client_id"),
            issued_at=_moment(payload, "iat"),
            not_before=_moment(payload, "nbf"),
            expires_at=_moment(payload, "exp"),
            token_id=_text(payload, "jti"),
            session_id=_id(payload, "sid"),
            epoch=_whole_number(payload, "epoch", _LARGEST_EPOCH),
            scope=_scope(payload),
            roles=_words(payload, "roles"),
            username=_text(payload, "preferred_username"),
            auth_time=_moment(payload, "auth_time"),
            amr=_words(payload, "amr"),
        )


def _refusal(name: str) -> InvalidTokenError:
    return InvalidTokenError("claims", f"`{name}` is missing, or not as it is written here")


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise _refusal(name)
    return value


def _id(payload: Mapping[str, Any], name: str) -> UUID:
    parsed = parse_id(_text(payload, name))
    if parsed is None:
        raise _refusal(name)
    return parsed


def _whole_number(payload: Mapping[str, Any], name: str, largest: int) -> int:
    value = payload.get(name)
    if type(value) is not int or not 0 <= value <= largest:  # not isinstance: True is an int
        raise _refusal(name)
    return value


def _moment(payload: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromtimestamp(_whole_number(payload, name, _LAST_SECOND), UTC)


def _scope(payload: Mapping[str, Any]) -> tuple[str, ...]:
    value = payload.get("scope")
    if not isinstance(value, str):
        raise _refusal("scope")
    words = tuple(value.split())
    if " ".join(words) != value:
        raise _refusal("scope")
    return words


def _words(payload: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = payload.get(name)
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise _refusal(name)
    return tuple(value)
