"""SIGTERM: what runs is finished, the exit code is 0, and the next start goes on with the same data."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.database.dialects import normalise_url
from app.database.notifications import asyncpg_arguments
from tests.support.processes import Server, environment, serving, signet, tokens

pytestmark = pytest.mark.processes


@asynccontextmanager
async def _users_are_locked(database_url: str) -> AsyncIterator[None]:
    """No log-in can finish within this block."""
    url = normalise_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = sqlite3.connect(url.database or "", isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        yield
        file.close()
        return
    connection = await asyncpg.connect(**asyncpg_arguments(url))
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM users FOR UPDATE")
        yield
    await connection.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_sigterm_lets_the_running_request_finish_and_exits_with_0(
    database_url: str, tmp_path: Path, workers: int
) -> None:
    env = environment(database_url, tmp_path, DATABASE__TIMEOUT="10")
    async with serving(lambda: Server(env, tmp_path, workers=workers)) as (server,):
        await server.register("ada")
        async with _users_are_locked(database_url):
            login = asyncio.create_task(server.try_login("ada"))
            await asyncio.sleep(0.4)
            server.send(signal.SIGTERM)
            await asyncio.sleep(1.2)
            still_running = not login.done() and not server.ended
            with pytest.raises(httpx.TransportError):
                await server.client.get("/livez")
        session = tokens(await login)
        code = await server.exit_code()

    assert still_running
    assert code == 0
    assert "Traceback" not in server.log.read_text()

    async with serving(lambda: Server(env, tmp_path)) as (again,):
        assert (await again.me(session["access_token"])).status_code == 200
        assert tokens(await again.refresh(session["refresh_token"]))["refresh_token"] != session["refresh_token"]


async def test_a_worker_that_dies_is_replaced_and_one_that_cannot_be_fails_the_server(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = shutil.copy(sqlite_template, tmp_path / "signet.db")
    env = environment(f"sqlite:///{path}", tmp_path)
    async with serving(lambda: Server(env, tmp_path, workers=2)) as (server,):
        first, _ = await _worker_processes(server, 2)
        os.kill(first, signal.SIGKILL)
        *_, third = await _worker_processes(server, 3)
        await server.ready()
        await server.register("ada")
        with closing(sqlite3.connect(path, timeout=5)) as file:
            file.execute("DROP TABLE signing_keys")
        os.kill(third, signal.SIGKILL)
        code = await server.exit_code()

    assert code == 3


async def _worker_processes(server: Server, count: int) -> list[int]:
    """The ids of all workers that have ever started, once there are `count`."""
    for _ in range(800):
        started = re.findall(r"Started server process \[(\d+)\]", server.log.read_text())
        if len(started) >= count:
            return [int(process) for process in started]
        await asyncio.sleep(0.05)
    raise AssertionError(f"fewer than {count} workers: {server.log.read_text()[-3000:]}")


async def test_four_migrations_at_once_of_an_empty_database_all_succeed(
    empty_database_url: str, tmp_path: Path
) -> None:
    env = environment(empty_database_url, tmp_path)

    first = await asyncio.gather(*(signet("migrate", env=env, folder=tmp_path) for _ in range(4)))
    again = await signet("migrate", env=env, folder=tmp_path)

    assert [done.code for done in (*first, again)] == [0] * 5, [done.err for done in first]
    assert {done.err for done in (*first, again)} == {""}
    assert {done.out for done in first} == {again.out}


async def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    async with serving(lambda: Server(environment(None, tmp_path), tmp_path, workers=2)) as (server,):
        server.send(signal.SIGKILL)
        await server.exit_code()

        answers = True
        for _ in range(100):
            try:
                await server.client.get("/livez")
            except httpx.TransportError:
                answers = False
                break
            await asyncio.sleep(0.1)

    assert not answers


async def test_the_embedded_database_is_for_its_owner_alone_in_a_folder_of_any_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    async with serving(lambda: Server(environment(None, folder), tmp_path)) as (server,):
        await server.register("ada")

        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert set(modes.values()) == {0o600}
    assert "signet.db-wal" in modes
