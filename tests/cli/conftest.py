"""The `signet` command run inside the test, with an environment of its own."""

import asyncio
import io
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.cli import main
from tests.support.processes import Done, environment

ISSUER_OF_THE_SERVICE = "http://127.0.0.1:8000"


class Terminal:
    """Runs `signet …` to its end, as its entry point does, and tells what came out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    async def __call__(self, *arguments: str, given: str | bytes = "") -> Done:
        raw = given.encode() if isinstance(given, str) else given
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        self._monkeypatch.setattr(sys, "argv", ["signet", *arguments])
        self._capsys.readouterr()
        code = await asyncio.to_thread(self._run)
        out, err = self._capsys.readouterr()
        return Done(code, out, err)

    def set(self, **settings: str | None) -> None:
        """Change settings, named without the prefix; None takes one away."""
        for name, value in settings.items():
            if value is None:
                self._monkeypatch.delenv(f"SIGNET_{name}", raising=False)
            else:
                self._monkeypatch.setenv(f"SIGNET_{name}", value)

    @staticmethod
    def _run() -> int:
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        raise AssertionError("the command always ends by exiting")


@pytest.fixture
def bare_signet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Terminal]:
    """The command in an empty folder, with the embedded database there."""
    handlers, level, configured = list(logging.root.handlers), logging.root.level, structlog.get_config()
    for name in [name for name in os.environ if name.upper().startswith("SIGNET_")]:
        monkeypatch.delenv(name)
    given = environment(None, tmp_path / "data", TOKENS__ISSUER=ISSUER_OF_THE_SERVICE)
    for name, value in given.items():
        if name.startswith("SIGNET_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield Terminal(monkeypatch, capsys)
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    structlog.configure(**configured)


@pytest.fixture
def signet(bare_signet: Terminal, database_url: str) -> Terminal:
    """The command on the database of the test, once SQLite and once PostgreSQL."""
    bare_signet.set(DATABASE__URL=database_url)
    return bare_signet
