"""A service that the tests of one module share, for those that need no database of their own."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.support import Person, administrator
from tests.conftest import BOTH, _finish
from tests.support.postgres import PostgresServer
from tests.support.service import Service, running, settings_for_tests


@pytest.fixture(scope="module", params=BOTH)
def shared_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database; the module's tests run once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "signet.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"m{uuid4().hex}"
    _finish(server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}"))
    yield server.url(name)
    _finish(server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
async def shared(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A running service in which every test makes users of its own, and leaves clock and settings alone."""
    async with running(settings_for_tests(shared_database_url, tmp_path_factory.mktemp("shared"))) as started:
        yield started


@pytest.fixture(scope="module")
async def door(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """The same on SQLite alone, for what is decided before any statement reaches a database."""
    folder = tmp_path_factory.mktemp("door")
    shutil.copy(sqlite_template, folder / "signet.db")
    async with running(settings_for_tests(f"sqlite:///{folder / 'signet.db'}", folder)) as started:
        yield started


@pytest.fixture(scope="module")
async def root(shared: Service) -> Person:
    """An administrator of the shared service, whom every test leaves as they are."""
    return await administrator(shared)
