"""Refuses bodies over 64 KiB, whether announced, or found while reading chunks without end."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.errors import BodyTooLargeError
from app.http.problems import problem

MAX_BODY_BYTES = 64 * 1024
_HAS_BODY = frozenset({b"content-length", b"transfer-encoding"})


class BodyLimit:
    """Reads the whole body before the application runs: it is small, and a slow sender holds nothing but this."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or hand on a request whose body is there."""
        if scope["type"] != "http" or not any(name in _HAS_BODY for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        try:
            body = None if _announced(scope) > MAX_BODY_BYTES else await _read(receive)
        except ClientDisconnect:
            return  # half a request is none, and nobody reads the answer
        if body is None:
            too_large = problem(BodyTooLargeError(), instance=scope["path"], headers={"Connection": "close"})
            await too_large(scope, receive, send)
            return
        handed = False

        async def whole() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, whole, send)


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


async def _read(receive: Receive) -> bytes | None:
    """The body; None when it is too large.

    Raises:
        ClientDisconnect: the client went away before it had sent all of it.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)
