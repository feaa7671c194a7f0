"""Finds the access token that a request presents (RFC 6750 section 2.1: in the header; never in the query)."""

from collections.abc import Iterable

_AUTHORIZATION = b"authorization"
_WHITE_SPACE = b" \t"
"""RFC 9110 section 5.6.3; nothing else is optional around a token."""


def presented_token(headers: Iterable[tuple[bytes, bytes]], *, extra_header: bytes | None) -> str | None:
    """The access token, or None when none came.

    The scheme is read in any case. Two Authorization headers count as none. The extra header, given in lower case,
    carries the bare token (a `Bearer ` prefix is accepted) and is read only where no Authorization came.
    """
    authorizations: list[bytes] = []
    extras: list[bytes] = []
    for name, value in headers:
        if name == _AUTHORIZATION:
            authorizations.append(value)
        elif name == extra_header:
            extras.append(value)
    if authorizations:
        return _with_scheme(authorizations[0]) if len(authorizations) == 1 else None
    if len(extras) == 1:
        return _with_scheme(extras[0]) or extras[0].strip(_WHITE_SPACE).decode("latin-1") or None
    return None


def _with_scheme(value: bytes) -> str | None:
    scheme, _, token = value.strip(_WHITE_SPACE).partition(b" ")
    return token.strip(_WHITE_SPACE).decode("latin-1") or None if scheme.lower() == b"bearer" else None
