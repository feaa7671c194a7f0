import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.command import command
from tests.cli.conftest import Terminal
from tests.support import openapi_document
from tests.support.processes import environment
from tests.support.service import Service

SIGNET = (sys.executable, "-m", "app.cli")
NOT_TABLES = {"serve", "openapi", "keys export-public"}


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in group.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(leaves(typer.main.get_command(command)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
async def test_every_command_explains_itself_and_speaks_json(path: tuple[str, ...], bare_signet: Terminal) -> None:
    helped = await bare_signet(*path, "--help")

    assert helped.code == 0
    assert "Usage: signet " + " ".join(path) in helped.out
    assert COMMANDS[path].help
    assert all(option.help for option in COMMANDS[path].params)
    assert ("--json" in helped.out) is (" ".join(path) not in NOT_TABLES)


async def test_the_version_is_told(bare_signet: Terminal) -> None:
    told = await bare_signet("--version")

    assert (told.code, told.out) == (0, "signet 0.1.0\n")


async def test_an_unknown_command_is_a_usage_error(bare_signet: Terminal) -> None:
    refused = await bare_signet("user", "list")

    assert refused.code == 2
    assert "'users'" in refused.err


@pytest.mark.parametrize("url", ["mysql://root:hidden@localhost/x", "postgresql://root:p@ss:hidden@localhost/x"])
async def test_a_mistaken_setting_is_one_sentence_that_tells_no_password(bare_signet: Terminal, url: str) -> None:
    bare_signet.set(DATABASE__URL=url)

    refused = await bare_signet("users", "list")

    assert refused.code == 1
    assert refused.err.startswith("signet: SIGNET_DATABASE__URL is not usable: ")
    assert refused.err.count("\n") == 1
    assert "hidden" not in refused.err


async def test_the_openapi_document_needs_nothing_and_leaves_nothing(bare_signet: Terminal, tmp_path: Path) -> None:
    printed = await bare_signet("openapi")

    assert printed.out == openapi_document.render()
    assert list(tmp_path.iterdir()) == []


async def test_pruning_tells_how_much_went(signet: Terminal, service: Service) -> None:
    service.clock.advance(timedelta(days=-40))
    await service.register()
    tokens = await service.login()
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": tokens["refresh_token"]})

    first = await signet("prune", "--json")
    second = await signet("prune")

    assert first.json == {"sessions": 1, "revocations": 1, "keys": 0}
    assert [line.split() for line in second.out.splitlines()] == [
        ["WHAT", "DELETED"],
        ["sessions", "0"],
        ["revocations", "0"],
        ["keys", "0"],
    ]


async def test_migrating_tells_the_revision(bare_signet: Terminal, empty_database_url: str) -> None:
    bare_signet.set(DATABASE__URL=empty_database_url)

    migrated = await bare_signet("migrate", "--json")
    again = await bare_signet("migrate")

    assert again.out == f"The database is at revision {migrated.json['revision']}.\n"


async def test_a_server_database_that_is_not_at_head_names_the_remedy(
    bare_signet: Terminal, empty_database_url: str
) -> None:
    bare_signet.set(DATABASE__URL=empty_database_url)

    answer = await bare_signet("users", "list")

    if empty_database_url.startswith("sqlite"):
        assert answer.code == 0
    else:
        assert answer.code == 1
        assert "run `signet migrate`" in answer.err


@pytest.mark.processes
def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*SIGNET, "openapi"],
        env=environment(None, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()

    assert process.wait(30) == 0
    assert said == b""
    process.stderr.close()


@pytest.mark.processes
def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"postgresql://someone@127.0.0.1:{silent.getsockname()[1]}/x"
        process = subprocess.Popen(
            [*SIGNET, "check", "--wait", "60"],
            env=environment(url, tmp_path, DATABASE__TIMEOUT="60"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # As at a terminal, whatever started the tests: a shell has its background jobs ignore the signal.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        with process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            try:
                out, err = process.communicate(timeout=30)
            finally:
                process.kill()
                connection.close()

    assert process.returncode == 130
    assert (out, err) == (b"", b"")
