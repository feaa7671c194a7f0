"""Databases for the tests: each test gets one of its own, copied from a migrated template, on both systems."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog

from app.database import dialects, schema
from tests.support.postgres import PostgresServer
from tests.support.service import Service, running, settings_for_tests

BOTH = ("sqlite", "postgresql")


def _dropped(*_event: Any) -> Any:
    raise structlog.DropEvent


# Unconfigured, structlog would draw every traceback with all its locals. Tests that look at logs configure their own.
structlog.configure(processors=[_dropped])


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end on a loop of its own, wherever the caller stands."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    engine = dialects.create_engine(
        dialects.normalise_url(url), pool_size=1, timeout=timedelta(seconds=30), server_timeout=None
    )
    await schema.upgrade(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server that all PostgreSQL tests share."""
    server = PostgresServer()
    try:
        _finish(server.start())
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated database that tests copy."""
    _finish(postgres.execute("CREATE DATABASE migrated"))
    _finish(_migrate(postgres.url("migrated")))
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "signet.db"
    _finish(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        path = tmp_path / "signet.db"
        shutil.copy(template, path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    name = f"t{uuid4().hex}"
    _finish(server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield server.url(name)
    _finish(server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex}"
    _finish(server.execute(f"CREATE DATABASE {name}"))
    yield server.url(name)
    _finish(server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def service(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """A running service on a fresh database, once on SQLite and once on PostgreSQL."""
    async with running(settings_for_tests(database_url, tmp_path)) as started:
        yield started
