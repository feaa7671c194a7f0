"""What following must survive on PostgreSQL, with transactions that the test interleaves by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.clock import Clock, SystemClock
from app.database import dialects
from app.database.notifications import asyncpg_arguments, connect
from app.domain.revocation.entries import Kind
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.postgres_feed import PostgresFollower
from tests.revocation.support import ShiftedClock, becomes, database, refuses, revocations, running, worker

INSERT = """
    INSERT INTO revocations (kind, subject, reason, created_at, expires_at)
    VALUES ('session', $1, 'test', now(), now() + interval '12 minutes') RETURNING seq
"""
MANY = """
    INSERT INTO revocations (kind, subject, reason, created_at, expires_at)
    SELECT 'session', gen_random_uuid()::text, 'test', now(), now() + interval '12 minutes' FROM generate_series(1, $1)
"""
NEVER = timedelta(hours=1)


class Index(RevocationIndex):
    """An index that lets itself be filled by a follower without a service between."""

    forget = RevocationIndex.prune


def make(url: str, clock: Clock | None = None, *, interval: timedelta = NEVER) -> PostgresFollower:
    return PostgresFollower(
        dialects.normalise_url(url), clock or SystemClock(), timeout=timedelta(seconds=5), interval=interval
    )


@asynccontextmanager
async def followed(follower: PostgresFollower, index: RevocationIndex) -> AsyncIterator[None]:
    """Load and run, and close at the end."""
    held = index if isinstance(index, Index) else Index()
    await follower.load(held)
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await follower.close()


@asynccontextmanager
async def raw(url: str, count: int = 1) -> AsyncIterator[list[asyncpg.Connection]]:
    """Connections of the test's own, as other workers' would be."""
    async with AsyncExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = await connect(dialects.normalise_url(url), name="test", bound=timedelta(seconds=20))
            stack.push_async_callback(connection.close)
            connections.append(connection)
        yield connections


async def test_a_transaction_that_took_its_number_first_and_commits_last_is_applied(postgres_url: str) -> None:
    index, follower = Index(), make(postgres_url)
    slow_session, quick_session = uuid4(), uuid4()
    async with raw(postgres_url, 2) as (slow, quick), followed(follower, index):
        late = slow.transaction()
        await late.start()
        slow_seq = await slow.fetchval(INSERT, str(slow_session))
        quick_seq = await quick.fetchval(INSERT, str(quick_session))
        await follower.poll(within=1)
        between = (refuses(index, session=quick_session), refuses(index, session=slow_session))

        await late.commit()
        await follower.poll(within=1)

        assert slow_seq < quick_seq
        assert between == (True, False)
        assert refuses(index, session=slow_session)


async def test_a_transaction_left_open_elsewhere_makes_no_poll_send_anything_twice(postgres_url: str) -> None:
    index, follower = Index(), make(postgres_url)
    async with raw(postgres_url, 2) as (idle, busy), followed(follower, index):
        await idle.execute("BEGIN")
        await idle.execute("SELECT pg_current_xact_id()")
        for _ in range(5):
            await busy.execute(MANY, 20)
            await follower.poll(within=1)

        for _ in range(5):
            await follower.poll(within=1)

        assert index.sizes()[Kind.SESSION] == 100
        assert follower.rows_polled == 100


async def test_the_notice_wakes_a_follower_long_before_its_next_poll(postgres_url: str) -> None:
    clock, session = SystemClock(), uuid4()
    ours, theirs = revocations(make(postgres_url), clock), revocations(make(postgres_url), clock)
    async with running(theirs), database(postgres_url) as store:
        await asyncio.sleep(0.1)

        async with store.transaction() as db:
            await ours.revoke_session(db, session, reason="logout", access_expires_at=None)

        assert await becomes(lambda: refuses(theirs, session=session), within=1)


async def test_a_lost_notice_delays_by_less_than_a_second(postgres_url: str) -> None:
    session = uuid4()
    async with worker(postgres_url) as theirs, raw(postgres_url) as (silent,):
        await silent.execute(INSERT, str(session))

        assert await becomes(lambda: refuses(theirs, session=session), within=1)


async def test_more_than_one_chunk_is_loaded_and_merged_with_what_is_held(postgres_url: str) -> None:
    index, follower, only_in_memory = Index(), make(postgres_url), uuid4()
    async with raw(postgres_url) as (other,):
        await other.execute(INSERT, str(only_in_memory))
        async with followed(follower, index):
            await other.execute("DELETE FROM revocations")
            await other.execute(MANY, 10_000)
            await other.execute(MANY, 2_345)

            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'signet revocations' AND datname = current_database()"
            )
            await follower.poll(within=1)

            assert await becomes(lambda: follower.loads == 2, within=3)
            assert await becomes(lambda: index.sizes()[Kind.SESSION] == 12_346, within=3)
            assert refuses(index, session=only_in_memory)
            assert follower.rows_polled == 0


async def test_a_connection_that_dies_silently_is_noticed_and_replaced(postgres_url: str) -> None:
    index, follower, session = Index(), make(postgres_url, interval=timedelta(milliseconds=400)), uuid4()
    async with raw(postgres_url, 2) as (locker, writer), followed(follower, index):
        await locker.execute("BEGIN")
        await locker.execute("LOCK TABLE revocations IN ACCESS EXCLUSIVE MODE")
        assert await becomes(lambda: follower.failures > 0, within=2)

        await locker.execute("ROLLBACK")
        await writer.execute(INSERT, str(session))

        assert await becomes(lambda: refuses(index, session=session), within=3)


async def test_loading_is_not_bound_by_the_limit_of_a_poll(postgres_url: str) -> None:
    index, follower, session = Index(), make(postgres_url), uuid4()
    async with raw(postgres_url, 2) as (locker, writer):
        await writer.execute(INSERT, str(session))
        await locker.execute("BEGIN")
        await locker.execute("LOCK TABLE revocations IN ACCESS EXCLUSIVE MODE")
        loading = asyncio.create_task(follower.load(index))

        await asyncio.sleep(1.2)
        still = not loading.done()
        await locker.execute("ROLLBACK")
        await loading

        assert still
        assert refuses(index, session=session)
        await follower.close()


async def test_a_kind_of_a_newer_release_is_passed_over(postgres_url: str) -> None:
    index, follower, session = Index(), make(postgres_url), uuid4()
    async with raw(postgres_url) as (other,), followed(follower, index):
        await other.execute(
            "INSERT INTO revocations (kind, subject, reason, created_at) VALUES ('client', 'a', 'b', now())"
        )
        await other.execute(INSERT, str(session))

        assert await follower.poll(within=1)

        assert refuses(index, session=session)
        assert follower.failures == 0


@pytest.mark.parametrize(("ahead", "skewed", "ready"), [(0, False, True), (15, True, True), (45, True, False)])
async def test_a_clock_that_differs_from_the_databases_is_told(
    postgres_url: str, ahead: int, *, skewed: bool, ready: bool
) -> None:
    clock = ShiftedClock()
    clock.wall_ahead = timedelta(seconds=ahead)
    follower = make(postgres_url, clock)

    with capture_logs() as logs:
        async with running(revocations(follower, clock)) as service:
            await follower.poll(within=1)
            detail = service.ready_detail

    assert follower.clock_skew_seconds == pytest.approx(-ahead, abs=2)
    assert (follower.skewed_polls > 0) is skewed
    assert [line["event"] for line in logs] == (["database_clock_differs"] if skewed else [])
    assert (detail is None) is ready


async def test_a_clock_of_ours_that_runs_ahead_lets_nothing_go_too_early(postgres_url: str) -> None:
    clock, session = ShiftedClock(), uuid4()
    index, follower = Index(), make(postgres_url, clock)
    async with raw(postgres_url) as (other,), followed(follower, index):
        await other.execute(INSERT, str(session))
        await follower.poll(within=1)

        clock.wall_ahead = timedelta(days=1)
        await follower.poll(within=1)
        await follower.poll(within=1)

        assert refuses(index, session=session)


async def test_a_poll_reads_by_index_among_many_rows(postgres_url: str) -> None:
    follower = make(postgres_url)
    async with raw(postgres_url) as (other,), followed(follower, Index()):
        await other.execute(MANY, 30_000)
        # So many at once may take longer than a poll may: then a full load brings them.
        assert any([await follower.poll(within=10) for _ in range(5)])
        statistics = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'revocations'"
        await asyncio.sleep(0)
        assert follower._connection is not None
        await follower._connection.execute("SELECT pg_stat_force_next_flush()")
        before = await other.fetchval(statistics)

        for _ in range(8):
            await follower.poll(within=1)
        await follower._connection.execute("SELECT pg_stat_force_next_flush()")

        assert await other.fetchval(statistics) == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40@h:5433/d", {"user": "u", "password": "p@", "host": "h", "port": 5433, "database": "d"}),
        ("postgres://u@/d?host=/run/pg", {"user": "u", "host": "/run/pg", "database": "d"}),
        (
            "postgresql://u@/d?host=a:1&host=b:2&target_session_attrs=primary",
            {"user": "u", "host": ["a", "b"], "port": [1, 2], "database": "d", "target_session_attrs": "primary"},
        ),
        ("postgresql://u@h/d?ssl=require&timeout=3", {"user": "u", "host": "h", "database": "d", "ssl": "require"}),
        ("postgresql://u@h/d?prepared_statement_cache_size=0", {"user": "u", "host": "h", "database": "d"}),
    ],
)
def test_a_raw_connection_goes_where_the_pool_goes(url: str, expected: dict[str, object]) -> None:
    arguments = asyncpg_arguments(dialects.normalise_url(url))

    assert arguments == expected


def test_a_password_that_was_set_apart_from_the_url_is_used() -> None:
    url = dialects.normalise_url("postgresql://u@h/d").set(password="apart")

    arguments = asyncpg_arguments(url)

    assert arguments["password"] == "apart"


async def test_a_follower_reads_a_session_id_as_the_verifier_holds_it(postgres_url: str) -> None:
    index, follower = Index(), make(postgres_url)
    async with raw(postgres_url) as (other,):
        await other.execute(INSERT, "01890A5D-AC96-774B-BCCE-B302099A8057")

        async with followed(follower, index):
            assert refuses(index, session=UUID("01890a5d-ac96-774b-bcce-b302099a8057"))
