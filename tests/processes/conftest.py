"""Two servers of one worker each on one database, once on SQLite and once on PostgreSQL, for all who leave it whole."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import BOTH
from tests.support.postgres import PostgresServer
from tests.support.processes import Server, environment, serving


def new_name() -> str:
    """A username that no other test has."""
    return f"u{uuid4().hex[:16]}"


@dataclass(frozen=True)
class Pair:
    """Two independent servers that know of each other through the database alone."""

    url: str
    a: Server
    b: Server
    folder: Path
    admin_password: str

    async def log_in(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A new user, and the tokens of a session of theirs."""
        user = await self.a.register(new_name())
        return user, await self.a.login(user["username"])

    async def administrator(self) -> str:
        """An administrator's access token."""
        return str((await self.a.login("root", self.admin_password))["access_token"])


@pytest.fixture(scope="package", params=BOTH)
async def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two servers, ready, and an administrator; shared by many tests, so each makes users of its own."""
    folder = tmp_path_factory.mktemp("pair")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'signet.db'}"
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "signet.db")
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        template = request.getfixturevalue("postgres_template")
        name = f"t{uuid4().hex}"
        await postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = postgres.url(name)
    env = environment(url, folder)
    async with serving(lambda: Server(env, folder), lambda: Server(env, folder)) as (a, b):
        made = await a.command("users", "create", "root", "--admin", "--json")
        yield Pair(url, a, b, folder, made.json["password"])
