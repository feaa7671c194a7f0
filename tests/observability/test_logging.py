"""Logs: one JSON line a record, and nothing secret in any of them."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
import structlog

from app.observability import logging as ours
from tests.support.service import SECRET, bearer, running, settings_for_tests


@contextmanager
def configured(level: str, style: Literal["json", "console"] = "json") -> Iterator[None]:
    """As a server configures it, beside what the test runner has put there for itself."""
    root = logging.getLogger()
    others, before, structure = list(root.handlers), root.level, structlog.get_config()
    ours.configure(level=level, style=style)
    (handler,) = root.handlers
    root.handlers = [*others, handler]
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        structlog.configure(**structure)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_members_with_a_secrets_name_and_tokens_are_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    with configured("info"):
        structlog.get_logger("signet").info(
            "seen sgr_AAAA-bbbb", password="hunter22", refresh_token="x", where="eyJhbGciOiJFUzI1NiJ9.eyJz.c2ln"
        )
    (line,) = logged(capsys)

    assert line["event"] == "seen [redacted]"
    assert line["password"] == line["refresh_token"] == line["where"] == "[redacted]"
    assert line["level"] == "info"
    assert str(line["time"]).endswith("Z")


def test_records_of_libraries_and_exceptions_are_lines_of_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    with configured("info"):
        try:
            int("sgr_AAAA")
        except ValueError:
            logging.getLogger("some.library").exception("it %s", "failed")
    (line,) = logged(capsys)

    assert line["event"] == "it failed"
    assert "ValueError" in str(line["exception"])
    assert "sgr_AAAA" not in str(line)


def test_an_exception_within_a_request_is_told_by_kind_and_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def check(password: str) -> None:
        try:
            int(password)
        except ValueError as cause:
            cause.add_note(password)
            raise ExceptionGroup(password, [KeyError(password)]) from cause

    with configured("info"), structlog.contextvars.bound_contextvars(request_id="1"):
        try:
            check("hunter22")
        except ExceptionGroup:
            structlog.get_logger("signet").exception("unhandled")
    (line,) = logged(capsys)

    written = str(line["exception"])
    assert "hunter22" not in written.replace('check("hunter22")', "")  # that is a line of this file
    assert [name for name in ("KeyError", "ExceptionGroup", "ValueError") if f"builtins.{name}" not in written] == []
    assert "in check" in written


def test_an_exception_outside_of_requests_is_told_with_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    with configured("info"):
        try:
            int("the disk is full")
        except ValueError:
            structlog.get_logger("signet").exception("unhandled")
    (line,) = logged(capsys)

    assert str(line["exception"]).endswith("with base 10: 'the disk is full'")


def test_security_events_are_written_whatever_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    with configured("error"):
        structlog.get_logger(ours.SECURITY).info("user_deleted")
        structlog.get_logger("signet").info("chatter")

    assert [line["event"] for line in logged(capsys)] == ["user_deleted"]


async def test_a_walk_leaves_its_events_and_no_secret(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    password, wrong = "marked engine of differences", "marked but wrong"
    settings = settings_for_tests(database_url, tmp_path, log={"access": True})
    with configured("info"):
        async with running(settings) as service:
            await service.register(password=password, email="ada@example.org")
            await service.client.post("/api/v1/auth/login", json={"username": "ada", "password": wrong})
            await service.client.post("/api/v1/auth/login", json={"username": "nobody", "password": wrong})
            tokens = await service.login(password=password)
            await service.me(tokens["access_token"] + "x")
            await service.client.get(f"/api/v1/users/me?access_token={tokens['access_token']}")
            refreshed = (await service.refresh(tokens["refresh_token"])).json()
            await service.client.post("/api/v1/auth/logout", headers=bearer(refreshed["access_token"]))
    text = capsys.readouterr().err
    events = [json.loads(line) for line in text.splitlines()]
    requests = [event for event in events if event["logger"] == "signet.access"]

    names = {event["event"] for event in events if event["logger"] == "signet.security"}
    assert names == {
        "user_registered",
        "login_wrong_password",
        "login_unknown_user",
        "login_succeeded",
        "token_refused",
        "session_ended",
    }
    assert {event["route"] for event in requests} == {"register", "login", "get_me", "refresh", "logout"}
    assert all(event["request_id"] and event["duration_ms"] is not None for event in requests)
    for secret in (password, wrong, SECRET, tokens["access_token"], tokens["refresh_token"], "argon2", "eyJ", "sgr_"):
        assert secret not in text
