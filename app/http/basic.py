"""Reads HTTP Basic credentials (RFC 7617)."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

_AUTHORIZATION = b"authorization"


@dataclass(frozen=True)
class BasicCredentials:
    """What stood in the header. An unreadable header gives empty ones."""

    name: str
    password: str

    def __repr__(self) -> str:
        return "BasicCredentials(…)"


def presented_basic(headers: Iterable[tuple[bytes, bytes]]) -> BasicCredentials | None:
    """The credentials of the one Authorization header of scheme Basic; None when there is none."""
    values = [value for name, value in headers if name == _AUTHORIZATION]
    if len(values) != 1:
        return None
    scheme, _, encoded = values[0].strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return BasicCredentials("", "")
    return BasicCredentials(name, password)
