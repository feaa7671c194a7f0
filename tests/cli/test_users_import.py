import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal
from tests.passwords.test_foreign_hashes import BCRYPT, PASSWORD
from tests.support.processes import environment
from tests.support.service import Service

ROOT = Path(__file__).parents[2]
MIB = 1024
GOOD: list[dict[str, Any]] = [
    {"username": "ada", "password_hash": BCRYPT, "roles": ["editor"]},
    {"username": "bob@example.org", "password_hash": BCRYPT, "email_verified": True},
]


def written(folder: Path, *lines: dict[str, Any] | bytes) -> str:
    """The path of a file of these lines."""
    path = folder / "users.jsonl"
    path.write_bytes(b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines))
    return str(path)


async def test_users_are_imported_from_a_file_and_log_in(signet: Terminal, service: Service, tmp_path: Path) -> None:
    done = await signet("users", "import", written(tmp_path, *GOOD))

    assert done.code == 0
    assert done.out.splitlines() == [
        "line 1: imported ada",
        "line 2: imported bob <bob@example.org>",
        "2 imported, 0 skipped, 0 refused.",
    ]
    assert (await service.login("ada", PASSWORD))["token_type"] == "Bearer"
    assert (await service.login("bob@example.org", PASSWORD))["token_type"] == "Bearer"


async def test_standard_input_is_read_where_the_file_is_a_dash(signet: Terminal) -> None:
    done = await signet("users", "import", "-", given="".join(json.dumps(user) + "\n" for user in GOOD))

    assert (done.code, done.out.splitlines()[-1]) == (0, "2 imported, 0 skipped, 0 refused.")


async def test_wrong_lines_are_named_the_good_ones_are_in_and_the_exit_code_says_so(
    signet: Terminal, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        GOOD[0],
        b"\xff\xfe",
        {"username": "cecil", "password_hash": "plain text"},
        b"x" * 70_000,
        {"username": "Ada", "password_hash": BCRYPT},
        GOOD[1],
    )

    first = await signet("users", "import", file)
    second = await signet("users", "import", file)
    listed = await signet("users", "list", "--json")

    wrong = [
        "line 2: refused: The line is not UTF-8.",
        "line 3: refused: The password hash is of no kind that Signet can verify.",
        "line 4: refused: The line is longer than 64 KiB.",
        "line 5: refused: Ada: Line 1 has the same username.",
    ]
    assert (first.code, second.code) == (1, 1)
    assert first.out.splitlines() == [
        "line 1: imported ada", *wrong, "line 6: imported bob <bob@example.org>", "2 imported, 0 skipped, 4 refused."
    ]  # fmt: skip
    assert second.out.splitlines() == [
        "line 1: skipped: ada: A user of this name is already here.",
        *wrong,
        "line 6: skipped: <bob@example.org>: The user is already here.",
        "0 imported, 2 skipped, 4 refused.",
    ]
    assert [user["username"] for user in listed.json] == ["ada", "bob"]


async def test_a_dry_run_says_what_would_be_and_writes_nothing(signet: Terminal, tmp_path: Path) -> None:
    done = await signet("users", "import", written(tmp_path, *GOOD), "--dry-run")
    listed = await signet("users", "list", "--json")

    assert done.code == 0
    assert done.out.splitlines() == [
        "line 1: would import ada",
        "line 2: would import bob <bob@example.org>",
        "Dry run, nothing was written. It would be: 2 imported, 0 skipped, 0 refused.",
    ]
    assert listed.json == []


async def test_the_report_as_json_is_one_document(signet: Terminal, tmp_path: Path) -> None:
    done = await signet("users", "import", written(tmp_path, *GOOD), "--json")
    again = await signet("users", "import", written(tmp_path, GOOD[0], b"[]"), "--json", "--dry-run")
    empty = await signet("users", "import", written(tmp_path), "--json")

    assert done.json == {
        "dry_run": False,
        "lines": [
            {"line": 1, "outcome": "imported", "username": "ada", "email": None, "reason": None},
            {"line": 2, "outcome": "imported", "username": "bob", "email": "bob@example.org", "reason": None},
        ],
        "imported": 2,
        "skipped": 0,
        "refused": 0,
    }
    assert again.code == 1
    assert [(line["line"], line["outcome"]) for line in json.loads(again.out)["lines"]] == [
        (1, "skipped"),
        (2, "refused"),
    ]
    assert empty.json["lines"] == []


async def test_a_file_that_is_not_there_is_told_in_a_line(signet: Terminal, tmp_path: Path) -> None:
    done = await signet("users", "import", str(tmp_path / "nothing.jsonl"))

    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "nothing.jsonl" in done.err


async def test_nothing_about_progress_is_written_where_there_is_no_terminal(signet: Terminal, tmp_path: Path) -> None:
    done = await signet("users", "import", written(tmp_path, *GOOD), "--dry-run")

    assert done.err == ""


class Screen(io.StringIO):
    """A terminal for standard error."""

    def isatty(self) -> bool:
        return True


async def test_progress_goes_to_a_terminal_on_standard_error(
    signet: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    done = await signet("users", "import", written(tmp_path, *GOOD), "--dry-run")

    assert screen.getvalue() == "\r2 lines\n"
    assert "\r" not in done.out


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_hundred_thousand_lines_take_less_than_200_mib(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps({"username": f"user.{number}@example.org", "password_hash": BCRYPT}) + "\n"
            for number in range(100_000)
        )
    env = environment(database_url, tmp_path / "data") | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli", "users", "import", str(path)]

    with (tmp_path / "report").open("w+b") as report:
        process = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=report)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        report.seek(0)
        lines = report.read().splitlines()

    peak_kib = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    assert process.returncode == 0
    assert lines[-1] == b"100000 imported, 0 skipped, 0 refused."
    assert peak_kib < 200 * MIB
