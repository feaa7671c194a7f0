"""The README's lines, run as they stand against a real server, print what the README shows."""

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.processes import Server, serving

README = Path(__file__).parents[1] / "README.md"
ADDRESS = "http://127.0.0.1:8000"
pytestmark = pytest.mark.processes


def steps() -> list[tuple[str, str]]:
    """Each command of the console block with the output that is shown below it."""
    block = re.search(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).+\n)*)", block.group(1), re.MULTILINE)
    return [(command, output.strip()) for command, output in found]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """What `make run` starts, all settings at their defaults, on a free port."""
    env = {"SIGNET_SERVER__PORT": "0", "PATH": "/usr/bin:/bin"}
    async with serving(lambda: Server(env, tmp_path)) as (started,):
        yield started


async def curl(command: str, variables: dict[str, str], address: str) -> str:
    """What curl would print, for the options that the README uses."""
    for name, value in variables.items():
        command = command.replace(f"${name}", value)
    program, *words = shlex.split(command)
    assert program == "curl"
    method, body, shown, headers, url = "GET", None, "", {}, ""
    while words:
        match words.pop(0):
            case "-s":
                pass
            case "--json":
                method, body = "POST", words.pop(0)
                headers["Content-Type"] = "application/json"
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-X":
                method = words.pop(0)
            case "-w":
                shown = words.pop(0)
            case word:
                assert word.startswith(ADDRESS)
                url = address + word.removeprefix(ADDRESS)
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, url, content=body, headers=headers)
    return (answer.text + shown.replace("%{http_code}", str(answer.status_code))).replace("\\n", "").strip()


async def test_the_readmes_lines_print_what_the_readme_shows(server: Server) -> None:
    variables: dict[str, str] = {}
    assert len(steps()) == 5

    for command, shown in steps():
        printed = await curl(command, variables, str(server.client.base_url).rstrip("/"))

        pattern = re.escape(shown).replace("…", r"[\w.:+-]+")
        assert re.fullmatch(pattern, printed), f"{command}\nprinted {printed}\nshown   {shown}"
        if "access_token" in printed:
            answer = json.loads(printed)
            variables = {"ACCESS_TOKEN": answer["access_token"], "REFRESH_TOKEN": answer["refresh_token"]}


async def test_the_readmes_run_and_test_commands_are_targets_of_the_makefile() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")

    for target in re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
