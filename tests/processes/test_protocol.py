"""What only a real server over a real socket shows: HEAD, heads without end, half a request."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from app.cli.protocol import MAX_HEAD_BYTES, MAX_HEADERS
from tests.support.processes import Server, environment, serving

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("protocol")
    async with serving(lambda: Server(environment(None, folder), folder)) as (started,):
        yield started


class Raw:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, server: Server) -> "Raw":
        return cls(*await asyncio.open_connection(server.client.base_url.host, server.client.base_url.port))

    async def head(self) -> list[bytes]:
        """Status line and headers of the next answer."""
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).split(b"\r\n")[:-2]

    def close(self) -> None:
        self.writer.close()


@pytest.mark.parametrize("path", [b"/livez", b"/docs", b"/.well-known/jwks.json", b"/api/v1/users/me", b"/nowhere"])
async def test_head_is_answered_without_a_body_and_the_connection_goes_on(server: Server, path: bytes) -> None:
    connection = await Raw.to(server)
    connection.writer.write(b"HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    by_head = await connection.head()
    connection.writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    by_get = await connection.head()
    connection.close()

    assert by_head[0] == by_get[0]
    lengths = [line.lower() for line in by_head if line.lower().startswith(b"content-length")]
    assert lengths == [line.lower() for line in by_get if line.lower().startswith(b"content-length")]
    assert b"unhandled error" not in server.log.read_bytes()


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
        b"GET /" + b"a" * (MAX_HEAD_BYTES + 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4 * MAX_HEAD_BYTES,  # and never an end
    ],
    ids=["a large header", "a long address", "many headers", "a header without end"],
)
async def test_a_head_that_is_too_large_is_refused_and_hung_up_on(server: Server, flood: bytes) -> None:
    connection = await Raw.to(server)
    connection.writer.write(flood)

    try:
        status, *_ = await connection.head()
        await asyncio.wait_for(connection.reader.read(), 10)  # until the end
    except ConnectionResetError:  # it hung up while we were still sending
        status = b""

    connection.close()
    assert status in {b"HTTP/1.1 431 Request Header Fields Too Large", b""}
    assert (await server.client.get("/livez")).status_code == 200


async def test_a_head_and_a_body_that_are_large_but_not_too_large_are_read(server: Server) -> None:
    answer = await server.client.post(
        "/api/v1/auth/login",
        content=json.dumps({"username": "nobody", "password": "x" * 4000, "scope": "a" * 1000}),
        headers={"Content-Type": "application/json", "X-Large": "a" * 50_000},
    )

    assert answer.status_code == 401


async def test_half_a_request_is_none(server: Server) -> None:
    body = json.dumps({"username": "cutoff", "password": "engine of differences"}).encode()
    connection = await Raw.to(server)
    connection.writer.write(
        b"POST /api/v1/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 60000\r\n\r\n" + body
    )
    await connection.writer.drain()
    await asyncio.sleep(0.3)
    connection.close()
    await asyncio.sleep(0.3)

    registered = await server.client.post(
        "/api/v1/auth/register", content=body, headers={"Content-Type": "application/json"}
    )

    assert registered.status_code == 201
