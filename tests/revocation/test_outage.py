"""A database that goes away and comes back, under a worker that goes on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from app.database import dialects, schema
from app.domain.revocation.entries import Kind
from app.domain.revocation.errors import StaleRevocationsError
from tests.revocation.support import (
    ShiftedClock,
    becomes,
    database,
    follower,
    refuses,
    revocations,
    running,
    worker,
)
from tests.support.postgres import PostgresServer


@pytest.fixture
async def own_server() -> AsyncIterator[PostgresServer]:
    """A server of the test's own, which it may stop."""
    server = PostgresServer()
    try:
        await server.start()
        await server.execute("CREATE DATABASE signet")
        engine = dialects.create_engine(
            dialects.normalise_url(server.url("signet")),
            pool_size=1,
            timeout=timedelta(seconds=30),
            server_timeout=None,
        )
        await schema.upgrade(engine)
        await engine.dispose()
        yield server
    finally:
        server.remove()


async def test_without_its_database_a_worker_answers_503_after_the_bound_and_heals_with_what_it_missed(
    own_server: PostgresServer,
) -> None:
    clock, known, missed = ShiftedClock(), uuid4(), uuid4()
    url = own_server.url("signet")
    elsewhere = revocations(follower(url, clock), clock)
    async with running(revocations(follower(url, clock), clock)) as service:
        async with database(url) as store, store.transaction() as db:
            await elsewhere.revoke_session(db, known, reason="logout", access_expires_at=None)
        assert await becomes(lambda: refuses(service, session=known), within=1)
        await asyncio.to_thread(own_server.stop)

        await service.wait_until_fresh()
        remembered = refuses(service, session=known)
        clock.boottime_ahead = 6
        began = asyncio.get_running_loop().time()
        refused = await asyncio.gather(*(service.wait_until_fresh() for _ in range(64)), return_exceptions=True)
        took = asyncio.get_running_loop().time() - began

        assert remembered
        assert {type(one) for one in refused} == {StaleRevocationsError}
        assert took < 1.6
        assert service.ready_detail is not None

        await own_server.start()
        async with database(url) as store, store.transaction() as db:
            await elsewhere.revoke_session(db, missed, reason="logout", access_expires_at=None)

        assert await becomes(lambda: service.ready_detail is None, within=3)
        await service.wait_until_fresh()
        assert await becomes(lambda: refuses(service, session=missed), within=1)
        assert refuses(service, session=known)


async def test_a_new_worker_knows_what_was_revoked_before_it_started(database_url: str) -> None:
    clock, session, user = ShiftedClock(), uuid4(), uuid4()
    elsewhere = revocations(follower(database_url, clock), clock)
    async with database(database_url) as store, store.transaction() as db:
        await elsewhere.revoke_session(db, session, reason="logout", access_expires_at=None)
        await elsewhere.revoke_user(db, user, min_epoch=7, reason="logout_all", access_expires_at=None)

    async with worker(database_url) as service:
        assert service.ready_detail is None
        assert refuses(service, session=session)
        assert refuses(service, user=user, epoch=6)


async def test_expired_entries_leave_the_memory(database_url: str) -> None:
    clock = ShiftedClock()
    clock.wall_ahead = timedelta(minutes=-30)
    service = revocations(follower(database_url, clock), clock)
    async with running(service), database(database_url, clock) as store:
        async with store.transaction() as db:
            await service.revoke_session(db, uuid4(), reason="logout", access_expires_at=None)
        held = service.sizes()[Kind.SESSION]

        clock.wall_ahead = timedelta(0)
        clock.boottime_ahead = timedelta(minutes=30).total_seconds()

        assert held == 1
        assert await becomes(lambda: service.sizes()[Kind.SESSION] == 0, within=1)


async def test_a_clock_that_runs_ahead_for_a_while_lets_nothing_go(database_url: str) -> None:
    clock, session = ShiftedClock(), uuid4()
    service = revocations(follower(database_url, clock), clock)
    async with running(service), database(database_url, clock) as store:
        async with store.transaction() as db:
            await service.revoke_session(db, session, reason="logout", access_expires_at=None)

        clock.wall_ahead = timedelta(hours=2)
        await service.wait_until_fresh()
        await asyncio.sleep(0.6)
        clock.wall_ahead = timedelta(0)
        await service.wait_until_fresh()

        assert refuses(service, session=session)
