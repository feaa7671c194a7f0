"""PostgreSQL: the order in which transactions commit, and how long others stay open, loses and delays no revocation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg
import pytest

from app.database.dialects import normalise_url
from app.database.notifications import asyncpg_arguments
from tests.processes.conftest import Pair

pytestmark = [pytest.mark.processes, pytest.mark.parametrize("pair", ["postgresql"], indirect=True)]

BOUND = 1.0
"""Seconds: tokens-and-sessions, section 4."""


@asynccontextmanager
async def _raw(pair: Pair) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**asyncpg_arguments(normalise_url(pair.url)))
    try:
        yield connection
    finally:
        await connection.close()


async def _insert_revocation(connection: asyncpg.Connection, session_id: str) -> None:
    now = datetime.now(UTC)
    await connection.execute(
        "INSERT INTO revocations (kind, subject, reason, created_at, expires_at)"
        " VALUES ('session', $1, 'test', $2, $3)",
        session_id,
        now,
        now + timedelta(minutes=12),
    )


async def _session_id(pair: Pair, session: dict[str, Any]) -> str:
    listed = await pair.a.client.get(
        "/api/v1/users/me/sessions", headers={"Authorization": f"Bearer {session['access_token']}"}
    )
    (found,) = [item["id"] for item in listed.json()["items"] if item["current"]]
    return str(found)


async def _refused_by_both_within_the_bound(pair: Pair, token: str) -> bool:
    since = monotonic()
    while monotonic() - since < BOUND:
        answers = await asyncio.gather(pair.a.me(token), pair.b.me(token))
        if {answer.status_code for answer in answers} == {401}:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_revocation_written_first_and_committed_last_is_applied_by_both_workers(pair: Pair) -> None:
    sessions = [(await pair.log_in())[1] for _ in range(4)]
    late, others = sessions[0], sessions[1:]
    late_id = await _session_id(pair, late)

    async with _raw(pair) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await _insert_revocation(connection, late_id)
        for session in others:  # they number and commit later, and are seen first
            await pair.a.post("/api/v1/auth/logout", session["access_token"])
            assert await _refused_by_both_within_the_bound(pair, session["access_token"])
        accepted_before = [(await server.me(late["access_token"])).status_code for server in (pair.a, pair.b)]
        await transaction.commit()
        refused = await _refused_by_both_within_the_bound(pair, late["access_token"])

    assert accepted_before == [200, 200]
    assert refused


async def test_an_old_open_transaction_holds_no_revocation_back(pair: Pair) -> None:
    _, session = await pair.log_in()

    async with _raw(pair) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT pg_current_xact_id()")
        acknowledged = await pair.a.post("/api/v1/auth/logout", session["access_token"])
        refused = await _refused_by_both_within_the_bound(pair, session["access_token"])
        await transaction.rollback()

    assert acknowledged.status_code == 204
    assert refused
