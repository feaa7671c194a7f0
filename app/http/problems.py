"""Renders what was refused as problem details (RFC 9457), never with the offending input in it."""

from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse

from app.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    NotFoundError,
    RuleViolationError,
    UnauthenticatedError,
    UnavailableError,
)
from app.http.errors import (
    BodyTooLargeError,
    InsufficientScopeError,
    InternalError,
    InvalidCursorError,
    InvalidIdempotencyKeyError,
    MalformedRequestError,
    MethodNotAllowedError,
    UnsupportedMediaTypeError,
)

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    # The particular before the kind.
    (MalformedRequestError, 400),
    (InvalidCursorError, 400),
    (InvalidIdempotencyKeyError, 400),
    (BodyTooLargeError, 413),
    (UnsupportedMediaTypeError, 415),
    (MethodNotAllowedError, 405),
    (InternalError, 500),
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (RuleViolationError, 422),
    (UnavailableError, 503),
)
_OF_A_PATH = "/:@!$&'()*+,;=~"
"""RFC 3986 section 3.3: what may stand in a path as it is, beside letters, digits, `-`, `.` and `_`."""
_TOKEN_CODES = frozenset({"token_expired", "invalid_token"})


def status_of(error: DomainError | type[DomainError]) -> int:
    """The status that an error is answered with."""
    kind = error if isinstance(error, type) else type(error)
    return next(status for known, status in _STATUS if issubclass(kind, known))


def problem(error: DomainError, *, instance: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a refused request. `instance` is the path that was asked, decoded; a URI reference is sent."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "instance": quote(instance, _OF_A_PATH, errors="replace"),
    }
    if isinstance(error, RuleViolationError) and error.broken:
        body["errors"] = [
            {"loc": list(broken.loc), "msg": broken.message, "type": broken.rule} for broken in error.broken
        ]
    return JSONResponse(body, status, headers_of(error) | (headers or {}), MEDIA_TYPE)


def headers_of(error: DomainError) -> dict[str, str]:
    """The headers that belong to an error, whatever body it is told with."""
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, InsufficientScopeError):
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", error_description="{_quoted(error.title)}"'}
    if isinstance(error, UnauthenticatedError):
        if error.code in _TOKEN_CODES:  # RFC 6750 section 3.1; no code when no credentials came
            return {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{_quoted(error.detail)}"'}
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _quoted(text: str) -> str:
    """Only what RFC 6750 section 3 allows within the quotes."""
    return "".join(character for character in text if " " <= character <= "~" and character not in '"\\')
