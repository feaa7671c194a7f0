"""Gives every request an id, a line in the access log, and an answer even when a defect of ours gets through."""

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.client_address import client_address
from app.http.errors import InternalError
from app.http.problems import problem
from app.ids import new_id

_log = structlog.get_logger("signet.access")
_failures = structlog.get_logger("signet.errors")
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_UNLOGGED = frozenset({"/livez", "/readyz", "/metrics"})


class RequestContext:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, *, access_log: bool) -> None:
        self._app = app
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id.decode())
        status = 0
        started = time.perf_counter()

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        except Exception:  # noqa: BLE001  # the last resort: the process goes on, the log has the defect
            _failures.exception("unhandled error", method=scope["method"], route=_route(scope))
            if not status:
                await problem(InternalError(), instance=scope["path"])(scope, receive, with_id)
        finally:
            if self._access_log and scope["path"] not in _UNLOGGED:
                self._write_line(scope, status, time.perf_counter() - started)

    @staticmethod
    def _write_line(scope: Scope, status: int, seconds: float) -> None:
        _log.info(
            "request",
            method=scope["method"],
            route=_route(scope),
            status=status,
            duration_ms=round(seconds * 1000, 2),
            user_id=scope["state"].get("user_id"),
            ip=client_address(scope),
        )


def _request_id(scope: Scope) -> bytes:
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return bytes(given[0])
    return str(new_id()).encode()


def _route(scope: Scope) -> str:
    """The route's operation id, or its template: it names no person, no token and no query."""
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "path", None) or "unmatched"
