"""Uvicorn's HTTP protocol with a limit on what a request may bring before its body: the parser itself has none."""

import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 200
_BODY = json.dumps({"title": "The request's address or headers are too large.", "status": 431}).encode()
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/problem+json\r\n"
    b"connection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 431 and hangs up when address and headers together are too large (RFC 6585 section 5)."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._in_head = True
        self._refused = False
        self._bytes = 0

    def on_message_begin(self) -> None:
        """A new request: count anew."""
        self._in_head = True
        self._bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            self._refused = True

    def on_headers_complete(self) -> None:
        """The head is there; the application runs, unless it was too large."""
        self._in_head = False
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        if not self._refused:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes came. Of a head that is still not complete all count: one header may be endless."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head:
            self._count(len(data))
        if self._refused and not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()

    def _count(self, size: int) -> None:
        self._bytes += size
        self._refused = self._refused or self._bytes > MAX_HEAD_BYTES
