"""What following means on SQLite: asking only when something was committed, by numbers that are never reused."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from app.clock import SystemClock
from app.database import dialects
from app.domain.revocation.entries import Kind
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.sqlite_feed import SqliteFollower
from tests.revocation.support import becomes, refuses, worker

MANY = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO revocations (kind, subject, reason, created_at, expires_at)
    SELECT 'session', lower(hex(randomblob(16))), 'test', ?, ? FROM numbers
"""


class Index(RevocationIndex):
    """An index that lets itself be filled by a follower without a service between."""

    forget = RevocationIndex.prune


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _times() -> tuple[str, str]:
    now = datetime.now(UTC)
    return _text(now), _text(now + timedelta(minutes=12))


@contextmanager
def raw(url: str) -> Iterator[sqlite3.Connection]:
    """A connection as another process would have it."""
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as connection:
        yield connection


def insert(connection: sqlite3.Connection, session: object) -> int:
    statement = (
        "INSERT INTO revocations (kind, subject, reason, created_at, expires_at) VALUES ('session', ?, 'test', ?, ?)"
    )
    return connection.execute(statement, (str(session), *_times())).lastrowid or 0


@asynccontextmanager
async def followed(url: str, index: Index) -> AsyncIterator[SqliteFollower]:
    follower = SqliteFollower(
        dialects.normalise_url(url), SystemClock(), timeout=timedelta(seconds=5), interval=timedelta(hours=1)
    )
    await follower.load(index)
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await follower.close()


async def test_another_processes_entry_arrives_within_a_second(sqlite_url: str) -> None:
    session = uuid4()
    async with worker(sqlite_url) as service:
        with raw(sqlite_url) as other:
            insert(other, session)

        assert await becomes(lambda: refuses(service, session=session), within=1)


async def test_the_table_is_asked_only_after_a_commit(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = []
    read_on = SqliteFollower._read_on

    async def counted(self: SqliteFollower, connection: object) -> int:
        readings.append(connection)
        return await read_on(self, connection)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteFollower, "_read_on", counted)
    index, session = Index(), uuid4()
    async with followed(sqlite_url, index) as follower:
        for _ in range(3):
            assert await follower.poll(within=1)
        without_a_commit = len(readings)

        with raw(sqlite_url) as other:
            insert(other, session)
        await follower.poll(within=1)

        assert without_a_commit == 1
        assert len(readings) == 2
        assert refuses(index, session=session)


async def test_numbers_are_not_reused_after_pruning(sqlite_url: str) -> None:
    index, first, second = Index(), uuid4(), uuid4()
    async with followed(sqlite_url, index) as follower:
        with raw(sqlite_url) as other:
            first_seq = insert(other, first)
            await follower.poll(within=1)
            other.execute("DELETE FROM revocations")
            second_seq = insert(other, second)
        await follower.poll(within=1)

    assert second_seq > first_seq
    assert refuses(index, session=first)
    assert refuses(index, session=second)


async def test_what_is_not_committed_is_not_applied(sqlite_url: str) -> None:
    index, session = Index(), uuid4()
    async with followed(sqlite_url, index) as follower:
        with raw(sqlite_url) as other:
            other.execute("BEGIN IMMEDIATE")
            insert(other, session)
            during = await follower.poll(within=1), refuses(index, session=session)
            other.execute("ROLLBACK")
        await follower.poll(within=1)

    assert during == (True, False)
    assert not refuses(index, session=session)


async def test_more_than_one_chunk_is_loaded(sqlite_url: str) -> None:
    index = Index()
    with raw(sqlite_url) as other:
        other.execute(MANY, (12_345, *_times()))

    async with followed(sqlite_url, index):
        held = index.sizes()[Kind.SESSION]

    assert held == 12_345


async def test_a_follower_keeps_no_read_open_and_so_lets_the_log_be_emptied(sqlite_url: str) -> None:
    index = Index()
    with raw(sqlite_url) as other:
        other.execute(MANY, (500, *_times()))
        async with followed(sqlite_url, index) as follower:
            insert(other, uuid4())
            await follower.poll(within=1)

            busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert busy == 0


async def test_a_follower_cannot_write(sqlite_url: str) -> None:
    async with followed(sqlite_url, Index()) as follower:
        assert follower._connection is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await follower._connection.execute("DELETE FROM revocations")


async def test_after_a_lost_connection_all_is_loaded_again_even_from_a_restored_backup_and_what_was_held_stays(
    sqlite_url: str,
) -> None:
    index, held, missed = Index(), uuid4(), uuid4()
    async with followed(sqlite_url, index) as follower:
        with raw(sqlite_url) as other:
            insert(other, held)
            await follower.poll(within=1)
            other.execute("DELETE FROM revocations")
            other.execute("DELETE FROM sqlite_sequence")  # older than the file that was followed: numbers begin again
            assert follower._connection is not None
            await follower._connection._execute(follower._connection._conn.close)  # type: ignore[no-untyped-call]
            insert(other, missed)

        failed, healed = await follower.poll(within=1), await follower.poll(within=1)

    assert (failed, healed) == (False, True)
    assert follower.loads == 2
    assert refuses(index, session=held)
    assert refuses(index, session=missed)
