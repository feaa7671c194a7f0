"""`POST /api/v1/auth/login`: JSON, HTTP Basic, by address; one answer to whatever is wrong."""

import base64
from pathlib import Path

import jwt
import pytest

from tests.api.support import PASSWORD, Person, administrator, assert_problem, basic, broken_rules, fresh_name, person
from tests.support.service import Service, bearer, running, settings_for_tests

LOGIN = "/api/v1/auth/login"


async def test_logging_in_answers_the_token_pair_of_the_contract(shared: Service) -> None:
    username = fresh_name()
    await shared.register(username)

    answer = await shared.client.post(LOGIN, json={"username": username, "password": PASSWORD})

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "scope",
    }  # fmt: skip
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "account"
    assert 570 <= body["expires_in"] <= 600
    assert body["refresh_expires_in"] == 14 * 86400
    assert body["refresh_token"].startswith("sgr_")


async def test_one_logs_in_by_address_in_any_case_as_well(shared: Service) -> None:
    username = fresh_name()
    await shared.register(username, email=f"{username}@example.org")

    answer = await shared.client.post(LOGIN, json={"username": f"{username}@EXAMPLE.org".upper(), "password": PASSWORD})

    me = await shared.me(answer.json()["access_token"])
    assert me.json()["username"] == username
    assert me.json()["last_login_at"] is not None


async def test_one_logs_in_with_basic_and_no_body(shared: Service) -> None:
    username = fresh_name()
    await shared.register(username, password="pass:with:colons é")

    answer = await shared.client.post(LOGIN, headers=basic(username, "pass:with:colons é"))

    assert answer.status_code == 200
    assert (await shared.me(answer.json()["access_token"])).json()["username"] == username


async def test_a_body_decides_when_basic_came_too(shared: Service) -> None:
    one, other = await person(shared), await person(shared)

    answer = await shared.client.post(
        LOGIN, json={"username": one.username, "password": PASSWORD}, headers=basic(other.username, PASSWORD)
    )

    assert (await shared.me(answer.json()["access_token"])).json()["username"] == one.username


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}, bearer("x.y.z")])
async def test_logging_in_with_nothing_is_refused(shared: Service, headers: dict[str, str]) -> None:
    answer = await shared.client.post(LOGIN, headers=headers)

    assert broken_rules(answer) == {("body", "missing")}


async def test_two_basic_headers_count_as_none(shared: Service) -> None:
    user = await person(shared)
    header = basic(user.username, PASSWORD)["Authorization"]

    answer = await shared.client.post(LOGIN, headers=[("Authorization", header), ("Authorization", header)])

    assert broken_rules(answer) == {("body", "missing")}


@pytest.mark.parametrize(
    "encoded", ["", "!!!", base64.b64encode(b"\xff\xfe:\xff").decode(), base64.b64encode(b"nocolon").decode()]
)
async def test_basic_credentials_that_cannot_be_read_are_wrong_ones(shared: Service, encoded: str) -> None:
    answer = await shared.client.post(LOGIN, headers={"Authorization": f"Basic {encoded}"})

    assert_problem(answer, 401, "invalid_credentials")


async def test_unknown_wrong_and_disabled_are_one_answer(shared: Service, root: Person) -> None:
    user = await person(shared)
    disabled = await person(shared)
    await root.ask("POST", f"/users/{disabled.id}/disable")
    attempts = [
        (fresh_name("nobody"), PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("not a name", PASSWORD),
        ("", PASSWORD),
        (user.username, "wrong"),
        (user.username, ""),
        (user.username, PASSWORD.upper()),
        (user.username, f"{PASSWORD} "),
        (disabled.username, PASSWORD),
        (disabled.username, "wrong"),
    ]

    answers = [await shared.client.post(LOGIN, json={"username": u, "password": p}) for u, p in attempts]

    bodies = [assert_problem(answer, 401, "invalid_credentials") for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_granted_is_what_was_asked_for_and_may_be_had(database_url: str, tmp_path: Path) -> None:
    tokens = {"scopes": ["account", "read"], "role_scopes": {"editor": ["write"]}}
    async with running(settings_for_tests(database_url, tmp_path, tokens=tokens)) as service:
        root, user = await administrator(service), await person(service)
        await root.ask("PUT", f"/users/{user.id}/roles/editor")

        granted = [
            (await service.login(user.username, **({"scope": asked} if asked else {})))
            for asked in (None, "write", "read nonsense", "nonsense")
        ]

    assert [pair["scope"] for pair in granted] == ["account read write", "write", "read", ""]
    claims = [jwt.decode(pair["access_token"], options={"verify_signature": False}) for pair in granted]
    assert [claim["scope"] for claim in claims] == [pair["scope"] for pair in granted]


@pytest.mark.parametrize("scope", ["", " ", "a  b", 'a"b', "é", "a\tb"])
async def test_a_scope_that_is_none_is_refused(shared: Service, scope: str) -> None:
    answer = await shared.client.post(LOGIN, json={"username": "ada", "password": PASSWORD, "scope": scope})

    assert broken_rules(answer) == {("scope", "string_pattern_mismatch")}
