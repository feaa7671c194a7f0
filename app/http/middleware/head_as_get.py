"""Lets HEAD work wherever GET does (RFC 9110 section 9.3.2): the same answer, its body left out."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Asks the application as GET and keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD as GET without a body; everything else as it is."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            scope["method"] = "HEAD"  # the server reads it too, and must not expect the body
            await send(message)

        scope["method"] = "GET"  # in the scope itself: what is found while routing must reach the layers around
        try:
            await self._app(scope, receive, without_body)
        finally:
            scope["method"] = "HEAD"
