"""What is told apart between the two databases, and what must be the same on both."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, literal, select, text

from app.clock import SystemClock
from app.database import dialects
from app.database.column_types import UtcDateTime, Words
from app.database.engine import Database, DatabaseUnavailableError

THINGS = Table("things", MetaData(), Column("at", UtcDateTime), Column("words", Words))


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[Database]:
    timeout = timedelta(seconds=1)
    engine = dialects.create_engine(
        dialects.normalise_url(database_url), pool_size=3, timeout=timeout, server_timeout=timeout
    )
    async with engine.begin() as connection:
        await connection.run_sync(THINGS.create)
    database = Database(engine, SystemClock(), timeout=timeout)
    yield database
    await database.dispose()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(f"sqlite:///{tmp_path / 'things.db'}") as database:
        yield database


@pytest.mark.parametrize("text_", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+asyncpg://u@h/d"])
def test_every_spelling_of_postgresql_means_our_driver(text_: str) -> None:
    assert dialects.normalise_url(text_).drivername == "postgresql+asyncpg"


@pytest.mark.parametrize("text_", ["mysql://u@h/d", "sqlite://", "sqlite:///:memory:", "nonsense", ""])
def test_what_signet_does_not_run_on_is_refused(text_: str) -> None:
    with pytest.raises(ValueError, match=r"supported|file|database URL"):
        dialects.normalise_url(text_)


def test_an_sqlite_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))

    with pytest.raises(ValueError, match=r"3\.35"):
        dialects.normalise_url("sqlite:///x.db")


async def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    there = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with database.transaction() as db:
        await db.execute(THINGS.insert().values(at=there, words=()))
    async with database.statement() as db:
        (row,) = await db.execute(select(THINGS.c.at))

    assert row.at == there
    assert row.at.tzinfo == UTC


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="naive"):
        async with database.transaction() as db:
            await db.execute(THINGS.insert().values(at=datetime(2026, 1, 1)))  # noqa: DTZ001  # the very mistake


async def test_words_are_found_whole(database: Database) -> None:
    async with database.transaction() as db:
        await db.execute(THINGS.insert(), [{"words": ("admin", "a_b")}, {"words": ("administrator",)}, {"words": ()}])

    async def found(word: str) -> list[tuple[str, ...]]:
        async with database.statement() as db:
            return [
                row.words
                for row in await db.execute(select(THINGS.c.words).where(dialects.contains_word(THINGS.c.words, word)))
            ]

    assert await found("admin") == [("admin", "a_b")]
    assert await found("a_b") == [("admin", "a_b")]
    assert await found("aXb") == []
    assert await found("%") == []


async def test_greatest_and_least_mean_the_same(database: Database) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    async with database.statement() as db:
        row = (
            await db.execute(
                select(
                    dialects.greatest(literal(early, UtcDateTime), literal(late, UtcDateTime)),
                    dialects.least(literal(early, UtcDateTime), literal(late, UtcDateTime)),
                )
            )
        ).one()

    assert tuple(row) == (late, early)


async def test_what_waits_for_the_commit_runs_after_it_and_never_without(database: Database) -> None:
    ran: list[str] = []
    async with database.transaction() as db:
        db.after_commit(lambda: ran.append("committed"))
        before = list(ran)

    async def fail() -> None:
        async with database.transaction() as db:
            db.after_commit(lambda: ran.append("rolled back"))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    assert before == []
    assert ran == ["committed"]


async def test_a_full_pool_is_unavailable_within_the_timeout(database: Database) -> None:
    async with database.statement(), database.statement(), database.statement():
        with pytest.raises(DatabaseUnavailableError):
            async with database.statement() as db:
                await db.execute(text("SELECT 1"))


async def test_on_sqlite_readers_find_a_connection_while_writers_wait_in_line(sqlite_database: Database) -> None:
    async def write() -> None:
        async with sqlite_database.transaction() as db:
            await db.execute(THINGS.insert().values(words=()))
            await asyncio.sleep(0.1)

    async def read() -> None:
        async with sqlite_database.statement() as db:
            await db.execute(select(THINGS))

    writers = [asyncio.create_task(write()) for _ in range(6)]
    await asyncio.sleep(0.02)
    await asyncio.wait_for(read(), 0.3)
    still_waiting = [writer for writer in writers if not writer.done()]
    await asyncio.gather(*writers)

    assert len(still_waiting) >= 3
    async with sqlite_database.statement() as db:
        assert len((await db.execute(select(THINGS))).all()) == 6
