import json
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.cli import check
from app.composition import build_services
from app.crypto.password_work import PasswordWork
from app.crypto.passwords import PasswordHasher
from app.domain.housekeeping.diagnosis import Level
from tests.cli.conftest import Terminal
from tests.support.processes import Done
from tests.support.service import MovableClock, Service, settings_for_tests

UNREACHABLE = "postgresql://signet:very-hidden-word@127.0.0.1:1/signet"


def levels(done: Done) -> dict[str, str]:
    return {check["name"]: check["level"] for check in json.loads(done.out)["checks"]}


def details(done: Done) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in json.loads(done.out)["checks"]}


@pytest.mark.usefixtures("service")
async def test_a_sound_service_is_well_in_every_part(signet: Terminal) -> None:
    checked = await signet("check", "--json")

    assert checked.code == 0
    assert json.loads(checked.out)["ok"] is True
    assert levels(checked) == dict.fromkeys(
        [
            "settings",
            "trusted proxies",
            "breached list",
            "database",
            "migrations",
            "clock",
            "revocations",
            "keys",
            "next key",
            "hashing",
        ],
        "ok",
    )
    assert details(checked)["database"] == "commits"


async def test_each_finding_is_one_line_that_begins_with_its_verdict(bare_signet: Terminal) -> None:
    bare_signet.set(SECRET_KEY=None)

    checked = await bare_signet("check")

    lines = [line.split(maxsplit=1) for line in checked.out.splitlines()]
    assert checked.code == 0
    assert {line[0] for line in lines} == {"ok", "warn"}
    assert [line for line in lines if line[0] == "warn"] == [
        ["warn", "keys             there is none yet: `signet serve` makes one when it starts"]
    ]
    assert any(line[1].startswith("secret file") for line in lines)


async def test_a_server_database_that_is_not_at_head_fails_and_names_the_remedy(
    bare_signet: Terminal, empty_database_url: str
) -> None:
    bare_signet.set(DATABASE__URL=empty_database_url)

    checked = await bare_signet("check", "--json")

    if empty_database_url.startswith("sqlite"):  # migrated, as by every command
        assert levels(checked)["migrations"] == "ok"
    else:
        assert (checked.code, levels(checked)["migrations"]) == (1, "fail")
        assert "signet migrate" in details(checked)["migrations"]


async def test_an_unreachable_database_fails_without_telling_its_password(bare_signet: Terminal) -> None:
    bare_signet.set(DATABASE__URL=UNREACHABLE, DATABASE__TIMEOUT="0.5")

    checked = await bare_signet("check")

    assert checked.code == 1
    assert "FAIL  database" in checked.out
    assert "SIGNET_DATABASE__URL" in checked.out
    assert "ok    hashing" in checked.out
    assert "very-hidden-word" not in checked.out + checked.err
    assert "Traceback" not in checked.out + checked.err


async def test_a_password_in_the_query_of_the_url_is_not_told_either(bare_signet: Terminal) -> None:
    bare_signet.set(DATABASE__URL="postgresql://127.0.0.1:1/x?user=y&password=very-hidden-word")

    checked = await bare_signet("check")

    assert checked.code == 1
    assert "very-hidden-word" not in checked.out + checked.err


async def test_it_waits_for_a_database_that_comes(signet: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def refusing_at_first(engine: object) -> str | None:
        asked.append(1)
        if len(asked) < 3:
            raise ConnectionRefusedError
        del engine
        return None

    monkeypatch.setattr(check, "schema", SimpleNamespace(current_revision=refusing_at_first))
    monkeypatch.setattr(check, "_PAUSE", 0.01)

    waited = await signet("check", "--wait", "20", "--json")
    asked.clear()
    impatient = await signet("check", "--json")

    assert (waited.code, levels(waited)["database"]) == (0, "ok")
    assert (impatient.code, levels(impatient)["database"], len(asked)) == (1, "fail", 1)


@pytest.mark.usefixtures("service")
async def test_keys_under_another_secret_fail_and_name_the_setting(signet: Terminal) -> None:
    other = "Zk3-aQ9_wR7tY2uI5oP8sD1fG4hJ6kL0zX-cV3bN7mQ1wE5r"
    signet.set(SECRET_KEY=other)

    checked = await signet("check", "--json")

    assert (checked.code, levels(checked)["keys"]) == (1, "fail")
    assert "SIGNET_PREVIOUS_SECRET_KEYS" in details(checked)["keys"]
    assert other not in checked.out + checked.err


async def test_a_weak_secret_fails_and_is_not_printed(bare_signet: Terminal) -> None:
    bare_signet.set(SECRET_KEY="changeme-" * 9)

    checked = await bare_signet("check", "--json")

    assert (checked.code, levels(checked)) == (1, {"settings": "fail"})
    assert "SIGNET_SECRET_KEY" in details(checked)["settings"]
    assert "changeme" not in checked.out + checked.err


@pytest.mark.parametrize(
    ("path", "name", "remedy"),
    [("data", "data folder", "chmod 0700"), ("data/secret.key", "secret file", "chmod 0600")],
)
async def test_what_others_could_read_fails(
    bare_signet: Terminal, tmp_path: Path, path: str, name: str, remedy: str
) -> None:
    bare_signet.set(SECRET_KEY=None)
    made = await bare_signet("check", "--json")
    (tmp_path / path).chmod(0o750)

    checked = await bare_signet("check", "--json")

    assert (made.code, levels(made)[name]) == (0, "ok")
    assert (checked.code, levels(checked)[name]) == (1, "fail")
    assert remedy in details(checked)[name]


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "ok"),
        ({"SERVER__HOST": "0.0.0.0"}, "warn"),  # noqa: S104  # what is warned of
        ({"TOKENS__ISSUER": "https://auth.example.org"}, "warn"),
        ({"TOKENS__ISSUER": "https://auth.example.org", "SERVER__TRUSTED_PROXIES": "10.0.0.0/8"}, "ok"),
        ({"SERVER__TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"}, "warn"),
        ({"SERVER__TRUSTED_PROXIES": "::/0"}, "warn"),
    ],
)
async def test_proxies_that_are_missing_or_anybody_are_warned_of(
    bare_signet: Terminal, settings: dict[str, str], level: str
) -> None:
    bare_signet.set(**settings)

    checked = await bare_signet("check", "--json")

    assert (checked.code, levels(checked)["trusted proxies"]) == (0, level)


async def test_a_breached_list_that_can_be_read_is_named_and_one_that_is_not_there_fails(
    bare_signet: Terminal, tmp_path: Path
) -> None:
    listed = tmp_path / "breached.txt"
    listed.write_text("correct horse\n")
    bare_signet.set(PASSWORDS__BREACHED_LIST=str(listed))
    read = await bare_signet("check", "--json")
    listed.unlink()

    missing = await bare_signet("check", "--json")

    assert details(read)["breached list"] == f"read from {listed}"
    assert (missing.code, levels(missing)["settings"]) == (1, "fail")
    assert "SIGNET_PASSWORDS__BREACHED_LIST" in details(missing)["settings"]


@pytest.mark.parametrize(("free", "level"), [(1 << 40, "ok"), (100 << 20, "warn"), (1 << 20, "fail")])
async def test_little_space_is_told(
    bare_signet: Terminal, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))

    checked = await bare_signet("check", "--json")

    assert levels(checked)["disk space"] == level
    assert checked.code == (1 if level == "fail" else 0)


async def test_memory_that_cannot_be_had_is_one_sentence_that_names_the_setting(
    bare_signet: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_given: object, **_named: object) -> None:
        raise ValueError("Memory allocation error")

    monkeypatch.setattr(PasswordWork, "__init__", exhausted)

    checked = await bare_signet("check", "--json")

    assert (checked.code, levels(checked)) == (1, {"settings": "fail"})
    assert "SIGNET_PASSWORDS__ARGON2_MEMORY_KIB" in details(checked)["settings"]


async def test_a_hash_that_fails_later_fails_the_check(bare_signet: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def exhausted(_hasher: PasswordHasher, _password: str) -> str:
        raise MemoryError

    monkeypatch.setattr(PasswordHasher, "hash", exhausted)

    checked = await bare_signet("check", "--json")

    assert (checked.code, levels(checked)["hashing"]) == (1, "fail")


@pytest.mark.parametrize(("ahead", "level"), [(5, Level.OK), (15, Level.WARN), (40, Level.FAIL), (-40, Level.FAIL)])
async def test_a_clock_that_differs_from_the_databases_is_told(
    database_url: str, tmp_path: Path, ahead: int, level: Level
) -> None:
    clock = MovableClock()
    clock.advance(timedelta(seconds=ahead))
    services = build_services(settings_for_tests(database_url, tmp_path), clock)

    found = {finding.name: finding.level for finding in await services.diagnosis.of_database()}
    await services.stop()

    assert found["clock"] is (level if services.database.postgresql else Level.OK)
    assert found["revocations"] is Level.OK


async def test_a_service_that_slept_past_its_next_key_is_warned_that_there_is_no_other(
    signet: Terminal, service: Service
) -> None:
    service.clock.advance(timedelta(days=-200))
    await service.services.keys.rotate(now_=True)

    checked = await signet("check", "--json")

    assert checked.code == 0
    assert levels(checked)["next key"] == "warn"
    assert "`signet serve` publishes one" in details(checked)["next key"]


async def test_what_cannot_be_examined_is_a_line_and_the_rest_goes_on(
    bare_signet: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def defective(*_given: object, **_named: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(check, "prepare_schema", defective)

    checked = await bare_signet("check")

    assert checked.code == 1
    assert "database         could not be examined (RuntimeError: first line)" in checked.out
    assert "ok    hashing" in checked.out
