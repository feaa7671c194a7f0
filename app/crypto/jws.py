"""Signed tokens in compact form (RFC 7515 section 3.1): strict in what it reads, before any cryptography.

The header of our tokens has exactly `alg`, `kid` and `typ`. So `crit`, `jku`, `x5u`, `x5c`, `jwk`, `zip`, `b64` and
whatever comes next are refused with everything else that is not one of the three. `alg` is compared with the key's
algorithm and never chooses one (RFC 8725 section 3.1).
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.crypto.jwk import ALGORITHMS, PrivateKey, PublicKey

MAX_CHARACTERS = 8192
"""Longer texts are refused unread."""
_HEADER = {"alg", "kid", "typ"}
_DOTS = 2


class MalformedTokenError(ValueError):
    """The text is not a token in the form we write. Says nothing of signatures."""


@dataclass(frozen=True)
class UnverifiedToken:
    """What a well-formed token claims. Nothing of it is true before `verify` has said so."""

    kid: str
    algorithm: str
    payload: Mapping[str, Any]
    signing_input: bytes
    signature: bytes


def sign(payload: Mapping[str, Any], *, key: PrivateKey, algorithm: str, kid: str, typ: str) -> str:
    """The token that says `payload`, signed with `key`."""
    header = {"alg": algorithm, "kid": kid, "typ": typ}
    signing_input = _encode(_dump(header)) + b"." + _encode(_dump(payload))
    signature: bytes = ALGORITHMS[algorithm].sign(signing_input, key)
    return (signing_input + b"." + _encode(signature)).decode()


def parse(presented: str, *, typ: str) -> UnverifiedToken:
    """Take a presented text apart, without judging its signature.

    Raises:
        MalformedTokenError: longer than 8 KiB; not three parts; base64url that is not canonical (RFC 4648 sections 3.5
            and 5, no padding); not UTF-8; not a JSON object, a member twice or NaN anywhere, too deep; a header with
            other members than `alg`, `kid`, `typ`, or of another `typ`.
    """
    if len(presented) > MAX_CHARACTERS or presented.count(".") != _DOTS or not presented.isascii():
        raise MalformedTokenError("not a compact token of acceptable length")
    first, second, third = presented.encode().split(b".")
    header = _object(_decode(first))
    if header.keys() != _HEADER or not all(isinstance(value, str) for value in header.values()):
        raise MalformedTokenError("the header is not one of ours")
    if header["typ"] != typ:
        raise MalformedTokenError("a token of another type")
    return UnverifiedToken(
        kid=header["kid"],
        algorithm=header["alg"],
        payload=_object(_decode(second)),
        signing_input=first + b"." + second,
        signature=_decode(third),
    )


def peek(presented: str) -> tuple[Any, Any]:
    """What header and payload seem to say, for showing to whoever presented them, never for deciding anything.

    As far as either can be read, however loosely; None where it cannot.
    """
    if len(presented) > MAX_CHARACTERS:
        return None, None
    header, payload = (_loosely(part) for part in [*presented.split("."), "", ""][:2])
    return header, payload


def verify(token: UnverifiedToken, *, key: PublicKey, algorithm: str) -> bool:
    """Whether `key` signed exactly this token under its own `algorithm`, and the token names no other."""
    return token.algorithm == algorithm and bool(
        ALGORITHMS[algorithm].verify(token.signing_input, key, token.signature)
    )


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    """Only the one spelling that `_encode` writes: decoding forgives padding, unused bits and foreign characters."""
    try:
        raw = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except ValueError:
        raise MalformedTokenError("not base64url") from None
    if not raw or _encode(raw) != part:
        raise MalformedTokenError("empty, or not canonical base64url")
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_members_once, parse_constant=_no_constants)
    except (ValueError, RecursionError):
        raise MalformedTokenError("not JSON as we write it") from None
    if not isinstance(value, dict):
        raise MalformedTokenError("not a JSON object")
    return value


def _loosely(part: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constants(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
