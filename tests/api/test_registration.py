"""`POST /api/v1/auth/register`."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.support import PASSWORD, assert_problem, broken_rules, fresh_name
from tests.support.service import Service, running, settings_for_tests

MARK = "Zq7marker"


async def register(service: Service, **body: Any) -> httpx.Response:
    return await service.client.post("/api/v1/auth/register", json=body)


async def test_registering_answers_the_user_of_the_contract(shared: Service) -> None:
    username = fresh_name("Ada")

    answer = await register(shared, username=username, password=PASSWORD, email=f"{username}@Example.ORG")

    body = answer.json()
    assert answer.status_code == 201
    assert UUID(body.pop("id")).version == 7
    created_at = body.pop("created_at")
    assert created_at.endswith("Z")
    assert body == {
        "username": username,
        "email": f"{username}@example.org",
        "email_verified": False,
        "is_active": True,
        "roles": [],
        "updated_at": created_at,
        "last_login_at": None,
    }


async def test_an_address_is_optional(shared: Service) -> None:
    answer = await register(shared, username=fresh_name(), password=PASSWORD)

    assert answer.status_code == 201
    assert answer.json()["email"] is None


@pytest.mark.parametrize(
    "spelling",
    [str.upper, str.lower, lambda name: "".join(chr(ord(letter) + 0xFEE0) for letter in name)],
    ids=["upper", "lower", "fullwidth"],
)
async def test_a_username_is_taken_in_every_spelling(shared: Service, spelling: Any) -> None:
    username = fresh_name("Grace")
    await shared.register(username)

    answer = await register(shared, username=spelling(username), password=PASSWORD)

    assert_problem(answer, 409, "username_taken")


async def test_a_username_is_stored_and_shown_in_its_nfkc_form(shared: Service) -> None:
    username = fresh_name("wide")
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in username)

    answer = await register(shared, username=fullwidth, password=PASSWORD)

    assert answer.status_code == 201
    assert answer.json()["username"] == username
    assert (await shared.login(fullwidth))["access_token"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("{}@example.org", "{}@EXAMPLE.org"), ("{}@bücher.example", "{}@xn--bcher-kva.example")],
    ids=["case", "idna"],
)
async def test_an_address_is_taken_in_every_spelling(shared: Service, first: str, second: str) -> None:
    local = fresh_name("mail")
    await shared.register(fresh_name(), email=first.format(local))

    answer = await register(shared, username=fresh_name(), password=PASSWORD, email=second.format(local.upper()))

    assert_problem(answer, 409, "email_taken")


@pytest.mark.parametrize(
    ("username", "rule"),
    [
        ("ab", "string_too_short"),
        ("a" * 65, "string_too_long"),
        ("ada@example.org", "string_pattern_mismatch"),
        ("ada lovelace", "string_pattern_mismatch"),
        ("ädä", "string_pattern_mismatch"),
        (" ada", "string_pattern_mismatch"),
        ("", "string_too_short"),
    ],
)
async def test_a_username_that_breaks_a_rule_is_refused(shared: Service, username: str, rule: str) -> None:
    answer = await register(shared, username=username, password=PASSWORD)

    assert broken_rules(answer) == {("username", rule)}


@pytest.mark.parametrize("email", ["ada", "ada@", "Ada <ada@example.org>", "a@b@example.org", "ada@[127.0.0.1]", ""])
async def test_what_is_no_address_is_refused(shared: Service, email: str) -> None:
    answer = await register(shared, username=fresh_name(), password=PASSWORD, email=email)

    assert {place for place, _ in broken_rules(answer)} == {"email"}


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("Zq7mark", "too_short"),
        (f"{MARK}é" * 200, "too_long"),
        ("P@ssw0rd123", "common"),
        ("{username}12", "contains_identity"),
        ("signet-2026", "contains_identity"),
    ],
    ids=["short", "long", "common", "name", "product"],
)
async def test_a_weak_password_is_rejected_by_the_name_of_its_rule(shared: Service, password: str, rule: str) -> None:
    username = fresh_name("hopper")
    password = password.format(username=username)

    answer = await register(shared, username=username, password=password)

    assert ("password", rule) in broken_rules(answer, "password_rejected")
    assert password not in answer.text
    assert (await shared.client.post("/api/v1/auth/login", json={"username": username, "password": password})).is_error


async def test_a_breached_password_is_rejected(database_url: str, tmp_path: Path) -> None:
    listed = tmp_path / "breached.txt"
    listed.write_text("seen in a breach before\n", encoding="utf-8")
    settings = settings_for_tests(database_url, tmp_path, passwords={"breached_list": listed})

    async with running(settings) as service:
        answer = await register(service, username="ada", password="seen in a breach before")

    assert broken_rules(answer, "password_rejected") == {("password", "breached")}


@pytest.mark.parametrize(
    "password",
    ["        ", "0\x001\x002\x003\x004", "\x00" * 12, "ééééé éééé", "👩‍👩‍👧‍👦👩‍🚀", "a" * 1024, "  spaces around  "],
)
async def test_a_password_of_any_characters_registers_and_logs_in_whole(shared: Service, password: str) -> None:
    username = fresh_name()

    registered = await register(shared, username=username, password=password)
    right = await shared.client.post("/api/v1/auth/login", json={"username": username, "password": password})
    cut = await shared.client.post("/api/v1/auth/login", json={"username": username, "password": password[:-1]})

    assert registered.status_code == 201
    assert right.status_code == 200
    assert_problem(cut, 401, "invalid_credentials")


@pytest.mark.parametrize(
    "body",
    [
        {"password": f"{MARK} and more"},
        {"username": "ada lovelace", "password": f"{MARK} and more"},
        {"username": 7, "password": f"{MARK} and more"},
        {"username": "adalovelace", "password": [f"{MARK} and more"]},
        {"username": "adalovelace", "password": {"is": f"{MARK} and more"}},
        {"username": "adalovelace", "password": MARK * 600},
        {"username": "adalovelace", "password": f"{MARK} and more", "email": f"{MARK}, no address"},
        {"username": "adalovelace", "password": f"{MARK} and more", "is_admin": MARK},
        {"username": "adalovelace", "password": "adalovelace"},
        [f"{MARK} and more"],
        f"{MARK} and more",
    ],
)
async def test_a_refusal_says_where_and_why_and_never_what_was_sent(shared: Service, body: Any) -> None:
    answer = await shared.client.post("/api/v1/auth/register", json=body)

    code = answer.json()["code"]
    assert code in {"validation_failed", "password_rejected"}
    assert broken_rules(answer, code)
    assert MARK not in answer.text
    assert MARK not in str(answer.headers)


@pytest.mark.parametrize("extra", [{"is_active": False}, {"roles": ["admin"]}, {"email_verified": True}, {"id": "1"}])
async def test_a_field_that_registering_does_not_know_is_refused(shared: Service, extra: dict[str, Any]) -> None:
    username = fresh_name()

    answer = await register(shared, username=username, password=PASSWORD, **extra)

    assert broken_rules(answer) == {(next(iter(extra)), "extra_forbidden")}
    assert (await register(shared, username=username, password=PASSWORD)).status_code == 201


async def test_registration_can_be_closed(database_url: str, tmp_path: Path) -> None:
    async with running(settings_for_tests(database_url, tmp_path, registration={"open": False})) as service:
        answer = await register(service, username="ada", password=PASSWORD)

        assert_problem(answer, 403, "registration_closed")
        assert (await service.administrator())["access_token"]
