"""SQLite: another process holds the write lock. Writers wait for it, bounded; readers go on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.support.processes import Server, assert_unavailable, environment, serving, tokens

pytestmark = pytest.mark.processes

_TIMEOUT = 2.0
_SLACK = 1.5
"""Seconds for a busy machine, on top of what is promised; too few for a second wait behind the first."""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("locked")
    env = environment(f"sqlite:///{folder / 'signet.db'}", folder, DATABASE__TIMEOUT=str(_TIMEOUT))
    async with serving(lambda: Server(env, folder)) as (started,):
        await started.register("ada")
        yield started


@contextmanager
def _locked(server: Server) -> Iterator[None]:
    path = Path(server.env["SIGNET_DATABASE__URL"].removeprefix("sqlite:///"))
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


async def test_a_login_and_a_refresh_wait_for_the_lock_and_succeed(server: Server) -> None:
    session = await server.login("ada")

    with _locked(server):
        login = asyncio.create_task(server.try_login("ada"))
        refresh = asyncio.create_task(server.refresh(session["refresh_token"]))
        await asyncio.sleep(0.5)
        waited = not login.done() and not refresh.done()

    assert waited
    assert (await login).status_code == 200
    assert tokens(await refresh)["refresh_token"] != session["refresh_token"]


async def test_a_lock_held_too_long_is_503_in_time_and_the_retry_succeeds(server: Server) -> None:
    session = await server.login("ada")

    with _locked(server):
        began = monotonic()
        login, refresh, logout = await asyncio.gather(
            server.try_login("ada"),
            server.refresh(session["refresh_token"]),
            server.post("/api/v1/auth/logout", session["access_token"]),
        )
        took = monotonic() - began
        ready = await server.client.get("/readyz")
        me = await server.me(session["access_token"])
        jwks = await server.client.get("/.well-known/jwks.json")
    retried = await server.refresh(session["refresh_token"])

    for refused in (login, refresh, logout, ready):
        assert_unavailable(refused)
    assert took < _TIMEOUT + _SLACK
    assert not ready.json()["checks"]["database"]["ok"]
    assert ready.json()["checks"]["revocations"]["ok"]
    assert me.status_code == jwks.status_code == 200
    assert (await server.me(tokens(retried)["access_token"])).status_code == 200
    assert (await server.try_login("ada")).status_code == 200
