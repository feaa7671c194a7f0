"""The address that is stored and shown is an address, and the right one."""

from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.http.client_address import client_address


@pytest.mark.parametrize(
    ("client", "shown"),
    [
        (("192.0.2.7", 4711), "192.0.2.7"),
        (("2001:DB8::1", 0), "2001:db8::1"),
        (("a" * 10_000, 0), None),
        (("a", 0), None),
        (("192.0.2.7\r\nX: y", 0), None),
        (("", 0), None),
        (None, None),
    ],
)
def test_only_an_address_is_one(client: tuple[str, int] | None, shown: str | None) -> None:
    assert client_address({"type": "http", "client": client}) == shown


@pytest.mark.parametrize(
    ("peer", "forwarded", "shown"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # not a proxy of ours: what it says is not believed
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the client wrote the first one
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", None),
    ],
)
async def test_a_trusted_proxy_tells_the_nearest_untrusted_address(
    peer: str, forwarded: str, shown: str | None
) -> None:
    seen: list[str | None] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(client_address(scope))

    scope: Any = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    nothing: Any = None
    await ProxyHeadersMiddleware(application, trusted_hosts=["10.0.0.0/8"])(scope, nothing, nothing)

    assert seen == [shown]
