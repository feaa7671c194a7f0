"""What must stop `signet serve` from starting does, with one sentence that names the setting."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from app.cli.command import main
from tests.support.postgres import PostgresServer
from tests.support.processes import Done, environment, signet

pytestmark = pytest.mark.processes

_OTHER_SECRET = "Zt7wQ2mXc9RkLp4VbN8sHf3JdYg6TqEaUi5oWxCz0BnMrKvS1eGhPjDl"
_NAMED = {
    "no secret with PostgreSQL": "SIGNET_SECRET_KEY",
    "an example as secret": "SIGNET_SECRET_KEY",
    "an unknown name in the environment": "SIGNET_TOKENS__LIFETIME",
    "an unknown name in .env": "SIGNET_SERVER__PROT",
    "production with an http issuer": "SIGNET_TOKENS__ISSUER",
    "PostgreSQL without a schema": "signet migrate",
    "keys of another secret": "SIGNET_SECRET_KEY",
    "an unreachable PostgreSQL": "SIGNET_DATABASE__URL",
    "a database that is not there": "SIGNET_DATABASE__URL",
    "a user that is not there": "SIGNET_DATABASE__URL",
    "a file that cannot be made": "SIGNET_DATABASE__URL",
    "a file that is no database": "SIGNET_DATABASE__URL",
    "a data folder that cannot be made": "SIGNET_DATA_DIR",
    "a secret that cannot be kept": "SIGNET_DATA_DIR",
    "a port that is taken": "SIGNET_SERVER__PORT",
    "an address of another machine": "SIGNET_SERVER__HOST",
}


_PRODUCTION = {"ENVIRONMENT": "production", "TOKENS__ISSUER": "https://auth.example.org"}


def _assert_one_sentence(text: str, named: str) -> None:
    assert text.startswith("signet: ")
    assert named in text
    assert text.count("\n") == 1
    assert ". " not in text


class _Serving:
    """Runs `signet serve` where it must refuse; each time in a folder of its own."""

    def __init__(self, folder: Path, postgres: PostgresServer, sqlite: Path) -> None:
        self.folder = folder
        self.postgres = postgres
        self.sqlite = sqlite

    def _folder(self) -> Path:
        folder = self.folder / uuid4().hex
        folder.mkdir()
        return folder

    def _file(self) -> str:
        path = self._folder() / "signet.db"
        shutil.copy(self.sqlite, path)
        return f"sqlite:///{path}"

    async def refused(self, url: str | None = None, *, dotenv: str = "", **settings: str) -> Done:
        folder = self._folder()
        if dotenv:
            (folder / ".env").write_text(dotenv)
        return await signet("serve", env=environment(url or self._file(), folder, **settings), folder=folder)

    async def no_schema(self) -> Done:
        name = f"t{uuid4().hex}"
        await self.postgres.execute(f"CREATE DATABASE {name}")
        try:
            return await self.refused(self.postgres.url(name))
        finally:
            await self.postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def other_secret(self) -> Done:
        url, folder = self._file(), self._folder()
        made = await signet("keys", "export-public", env=environment(url, folder), folder=folder)
        assert made.code == 0
        return await self.refused(url, SECRET_KEY=_OTHER_SECRET)

    async def no_database_file(self) -> Done:
        path = self._folder() / "signet.db"
        path.write_text("Charles Babbage, Passages from the Life of a Philosopher. " * 40)
        return await self.refused(f"sqlite:///{path}")

    async def taken_port(self) -> Done:
        listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        async with listening:
            return await self.refused(SERVER__PORT=str(listening.sockets[0].getsockname()[1]))


@pytest.fixture(scope="module")
async def refusals(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, sqlite_template: Path
) -> dict[str, Done]:
    """All of them, a few at a time, because each start costs a second."""
    serving = _Serving(tmp_path_factory.mktemp("refused"), postgres, sqlite_template)
    attempts: dict[str, Callable[[], Awaitable[Done]]] = {
        "no secret with PostgreSQL": lambda: serving.refused(postgres.url("postgres"), SECRET_KEY=""),
        "an example as secret": lambda: serving.refused(
            SECRET_KEY="please-change-this-secret-please-change-this-secret"
        ),
        "an unknown name in the environment": lambda: serving.refused(TOKENS__LIFETIME="600"),
        "an unknown name in .env": lambda: serving.refused(dotenv="PATH_OF_OTHERS=1\nSIGNET_SERVER__PROT=8000\n"),
        "production with an http issuer": lambda: serving.refused(
            ENVIRONMENT="production", PASSWORDS__ARGON2_MEMORY_KIB="", PASSWORDS__ARGON2_TIME_COST=""
        ),
        "PostgreSQL without a schema": serving.no_schema,
        "keys of another secret": serving.other_secret,
        "an unreachable PostgreSQL": lambda: serving.refused("postgresql://postgres@127.0.0.1:1/signet"),
        "a database that is not there": lambda: serving.refused(postgres.url("nowhere")),
        "a user that is not there": lambda: serving.refused(
            postgres.url("postgres").replace("//postgres@", "//nobody@")
        ),
        "a file that cannot be made": lambda: serving.refused("sqlite:////proc/signet/signet.db"),
        "a file that is no database": serving.no_database_file,
        "a data folder that cannot be made": lambda: serving.refused(DATABASE__URL="", DATA_DIR="/proc/signet"),
        "a secret that cannot be kept": lambda: serving.refused(
            DATABASE__URL="", DATA_DIR="/proc/signet", SECRET_KEY=""
        ),
        "a port that is taken": serving.taken_port,
        "an address of another machine": lambda: serving.refused(SERVER__HOST="192.0.2.1"),
    }
    places = asyncio.Semaphore(4)

    async def attempt(refused: Callable[[], Awaitable[Done]]) -> Done:
        async with places:
            return await refused()

    return dict(zip(attempts, await asyncio.gather(*map(attempt, attempts.values())), strict=True))


@pytest.mark.parametrize(("name", "named"), _NAMED.items(), ids=list(_NAMED))
async def test_serve_refuses_with_one_sentence_that_names_the_setting(
    refusals: dict[str, Done], name: str, named: str
) -> None:
    refused = refusals[name]

    assert refused.code == 1
    _assert_one_sentence(refused.err, named)
    assert refused.out == ""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"SECRET_KEY": "kq3v0ZrJ8c5yX1uT"}, "SIGNET_SECRET_KEY"),
        ({**_PRODUCTION, "SECRET_KEY": ""}, "SIGNET_SECRET_KEY"),
        (_PRODUCTION, "SIGNET_PASSWORDS__ARGON2_MEMORY_KIB"),
        ({"SERVER__WORKERS": "many"}, "SIGNET_SERVER__WORKERS"),
        ({"TOKENS__ROLE_SCOPES": "editor=write"}, "SIGNET_TOKENS__ROLE_SCOPES"),
        ({"DATABASE__URL": "mysql://root@localhost/signet"}, "SIGNET_DATABASE__URL"),
    ],
)
def test_every_command_refuses_a_wrong_setting_alike(
    settings: dict[str, str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment(None, tmp_path, **settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["signet", "migrate"])

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr()
    assert ended.value.code == 1
    _assert_one_sentence(said.err, named)
    assert said.out == ""
