"""A service whose wall clock stands until a test moves it, and databases by the dozen for walks at random."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.sessions.support import StandingClock
from tests.support.postgres import PostgresServer
from tests.support.service import Service, running, settings_for_tests


@pytest.fixture
async def service(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """A running service on a fresh database, once on SQLite and once on PostgreSQL."""
    async with running(settings_for_tests(database_url, tmp_path), StandingClock()) as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractAsyncContextManager[str]]:
    """Makes the URL of a fresh, migrated database each time it is called."""

    @asynccontextmanager
    async def on_sqlite() -> AsyncIterator[str]:
        folder = tmp_path / uuid4().hex
        folder.mkdir()
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "signet.db")
        yield f"sqlite:///{folder / 'signet.db'}"
        shutil.rmtree(folder)

    @asynccontextmanager
    async def on_postgresql() -> AsyncIterator[str]:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = f"t{uuid4().hex}"
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
        yield server.url(name)
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return on_sqlite if request.param == "sqlite" else on_postgresql
