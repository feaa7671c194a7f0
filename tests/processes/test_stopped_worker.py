"""A worker that was stopped and goes on does not trust what it remembers."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.database.dialects import normalise_url
from app.database.notifications import asyncpg_arguments
from tests.processes.conftest import Pair
from tests.support.processes import Server, environment, serving

pytestmark = pytest.mark.processes

_STALE_SECONDS = 1.3
"""Longer than the MAX_STALENESS of the worker that is stopped."""


@asynccontextmanager
async def _sleeper(pair: Pair) -> AsyncIterator[Server]:
    env = environment(pair.url, pair.folder, REVOCATION__MAX_STALENESS="1")
    async with serving(lambda: Server(env, pair.folder)) as (server,):
        yield server


@asynccontextmanager
async def _revocations_cannot_be_read(pair: Pair) -> AsyncIterator[None]:
    connection = await asyncpg.connect(**asyncpg_arguments(normalise_url(pair.url)))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE revocations IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def _statuses(server: Server, access_tokens: list[str]) -> list[int]:
    return [answer.status_code for answer in await asyncio.gather(*map(server.me, access_tokens))]


async def test_a_worker_that_was_stopped_never_accepts_what_was_revoked_meanwhile(pair: Pair) -> None:
    async with _sleeper(pair) as sleeper:
        sessions = [(await pair.log_in())[1]["access_token"] for _ in range(8)]
        before = await _statuses(sleeper, sessions)

        sleeper.send_all(signal.SIGSTOP)
        acknowledged = [(await pair.a.post("/api/v1/auth/logout", token)).status_code for token in sessions]
        await asyncio.sleep(_STALE_SECONDS)
        asked = asyncio.create_task(_statuses(sleeper, sessions))  # they wait in the socket
        await asyncio.sleep(0.2)
        sleeper.send_all(signal.SIGCONT)
        at_once = await asked
        await asyncio.sleep(1)
        settled = await _statuses(sleeper, sessions)

    assert set(before) == {200}
    assert set(acknowledged) == {204}
    assert set(at_once) <= {401, 503}
    assert set(settled) == {401}


@pytest.mark.parametrize("pair", ["postgresql"], indirect=True)
async def test_a_worker_that_was_stopped_accepts_nothing_before_it_has_asked(pair: Pair) -> None:
    async with _sleeper(pair) as sleeper:
        sessions = [(await pair.log_in())[1]["access_token"] for _ in range(4)]
        revoked, good = sessions[:2], sessions[2:]
        before = await _statuses(sleeper, sessions)

        sleeper.send_all(signal.SIGSTOP)
        for token in revoked:
            await pair.a.post("/api/v1/auth/logout", token)
        async with _revocations_cannot_be_read(pair):
            await asyncio.sleep(_STALE_SECONDS)
            sleeper.send_all(signal.SIGCONT)
            unasked = await _statuses(sleeper, sessions)
        await asyncio.sleep(1.5)
        settled = await _statuses(sleeper, revoked), await _statuses(sleeper, good)

    assert set(before) == {200}
    assert set(unasked) == {503}
    assert settled == ([401, 401], [200, 200])
