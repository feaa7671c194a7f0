"""Reads the Idempotency-Key of a refresh."""

import re
from collections.abc import Iterable

from app.http.errors import InvalidIdempotencyKeyError

HEADER = "Idempotency-Key"
_NAME = HEADER.lower().encode()
_FORM = re.compile(rb"[!-~]{22,128}")


def presented_idempotency_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key; None when none came.

    Raises:
        InvalidIdempotencyKeyError: several came, or it is not 22 to 128 visible ASCII characters.
    """
    keys = [value for name, value in headers if name == _NAME]
    if not keys:
        return None
    if len(keys) > 1 or not _FORM.fullmatch(keys[0]):
        raise InvalidIdempotencyKeyError
    return keys[0].decode("ascii")
