"""Turns everything that can go wrong in a route into problem details."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match, Mount

from app.errors import BrokenRule, DomainError, NotFoundError, RuleViolationError
from app.http.errors import (
    BodyTooLargeError,
    InternalError,
    MalformedRequestError,
    MethodNotAllowedError,
    UnsupportedMediaTypeError,
)
from app.http.problems import problem

_BY_STATUS: dict[int, type[DomainError]] = {
    400: MalformedRequestError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    413: BodyTooLargeError,
    415: UnsupportedMediaTypeError,
}
_ERRORS_AT_MOST = 32
"""A body of thousands of unknown members is not worth an answer that is larger still."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


async def _domain_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101  # registered for nothing else
    return problem(error, instance=request.scope["path"])


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    """Say what is wrong and where. The stock answer repeats the input, passwords included: this one never does."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for nothing else
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return problem(MalformedRequestError(), instance=request.scope["path"])
    broken = tuple(
        BrokenRule(
            loc=tuple(_safe(part) for part in detail["loc"]),
            message=str(detail["msg"]).removeprefix("Value error, "),
            rule=detail["type"],
        )
        for detail in details[:_ERRORS_AT_MOST]
    )
    return problem(RuleViolationError(broken=broken), instance=request.scope["path"])


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for nothing else
    known = _BY_STATUS.get(error.status_code, InternalError)
    headers = dict(error.headers or {})
    if known is MethodNotAllowedError:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return problem(known(), instance=request.scope["path"], headers=headers)


async def _defect(request: Request, _error: Exception) -> JSONResponse:
    """The last resort. The framework raises the error again after this answer, and the layers around log it."""
    return problem(InternalError(), instance=request.scope["path"])


def _allowed_methods(request: Request) -> list[str]:
    """Every method that the path answers to (RFC 9110 section 15.5.6); the framework names those of one route alone."""
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", "")}
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    allowed = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ] or ["GET"]  # what is mounted are files
    return [*allowed, "HEAD"] if "GET" in allowed else allowed


def _safe(part: object) -> str:
    """A place in the request. The name of an unknown member comes from outside, so it is bounded."""
    return str(part).encode("ascii", "replace").decode()[:64]


def render_errors(app: FastAPI) -> None:
    """Register the handlers. What none of the first three knows is a defect of ours, and answered with 500."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)
