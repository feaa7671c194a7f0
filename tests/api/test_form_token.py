"""`POST /api/v1/auth/token`: the form route, which answers errors as RFC 6749 section 5.2 says."""

from typing import Any

import httpx
import pytest

from tests.api.support import PASSWORD, assert_problem, basic, fresh_name, person
from tests.support.service import Service

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def send(service: Service, fields: dict[str, str], headers: dict[str, str] | None = None) -> httpx.Response:
    return await service.client.post("/api/v1/auth/token", data=fields, headers=headers)


def assert_oauth_error(answer: httpx.Response, status: int, error: str) -> None:
    """Check that the answer is RFC 6749's own."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert all(" " <= character <= "~" and character not in '"\\' for character in body["error_description"])


async def test_the_password_grant_answers_a_token_pair(shared: Service) -> None:
    user = await person(shared)

    answer = await send(shared, {"grant_type": "password", "username": user.username, "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == set(user.tokens)
    assert (await shared.me(answer.json()["access_token"])).json()["id"] == user.id


async def test_the_form_is_read_as_utf_8_and_with_plus_for_space(shared: Service) -> None:
    username, password = fresh_name(), "naïve + 100% 👩‍🚀 & more"
    await shared.register(username, password)

    answer = await send(shared, {"grant_type": "password", "username": username, "password": password, "scope": ""})

    assert answer.status_code == 200
    assert answer.json()["scope"] == "account"


async def test_the_refresh_grant_rotates(shared: Service) -> None:
    user = await person(shared)

    answer = await send(shared, {"grant_type": "refresh_token", "refresh_token": user.tokens["refresh_token"]})

    assert answer.status_code == 200
    assert answer.json()["refresh_token"] != user.tokens["refresh_token"]


async def test_the_refresh_grant_takes_an_idempotency_key(shared: Service) -> None:
    user = await person(shared)
    fields = {"grant_type": "refresh_token", "refresh_token": user.tokens["refresh_token"]}
    key = {"Idempotency-Key": "k" * 22}

    answers = [await send(shared, fields, key) for _ in range(2)]

    assert answers[0].json()["refresh_token"] == answers[1].json()["refresh_token"]


@pytest.mark.parametrize("key", ["short", "k" * 129, "with a space in the middle"])
async def test_a_bad_idempotency_key_is_an_invalid_request(shared: Service, key: str) -> None:
    user = await person(shared)
    fields = {"grant_type": "refresh_token", "refresh_token": user.tokens["refresh_token"]}

    refused = await send(shared, fields, {"Idempotency-Key": key})

    assert_oauth_error(refused, 400, "invalid_request")
    assert (await user.refresh()).status_code == 200


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "password", "username": "nobody", "password": PASSWORD}, "invalid_grant"),
        ({"grant_type": "password", "username": "a" * 5000, "password": "p" * 5000}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "sgr_nonsense"}, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody"}, "invalid_request"),
        ({"grant_type": "password", "password": PASSWORD}, "invalid_request"),
        ({"grant_type": "password", "username": "", "password": PASSWORD}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"username": "nobody", "password": PASSWORD}, "invalid_request"),
        ({}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "Password"}, "unsupported_grant_type"),
        ({"grant_type": "password "}, "unsupported_grant_type"),
    ],
)
async def test_refusals_are_those_of_rfc_6749(shared: Service, fields: dict[str, str], error: str) -> None:
    answer = await shared.client.post("/api/v1/auth/token", data=fields, headers=FORM)

    assert_oauth_error(answer, 400, error)
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("twice", ["grant_type", "username", "password", "scope"])
async def test_a_parameter_that_comes_twice_is_an_invalid_request(shared: Service, twice: str) -> None:
    user = await person(shared)
    fields = {"grant_type": "password", "username": user.username, "password": PASSWORD, "scope": "account"}
    fields |= {twice: [fields[twice], fields[twice]]}  # type: ignore[dict-item]  # httpx sends one for each

    answer = await send(shared, fields)

    assert_oauth_error(answer, 400, "invalid_request")


async def test_an_empty_basic_header_as_swagger_ui_sends_it_is_ignored(shared: Service) -> None:
    user = await person(shared)
    fields = {"grant_type": "password", "username": user.username, "password": PASSWORD}

    empty = await send(shared, fields, basic("", ""))
    unknown = await send(shared, fields, basic("some-client", "some-secret"))

    assert empty.status_code == 200
    assert_oauth_error(unknown, 401, "invalid_client")
    assert unknown.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"grant_type": "password", "username": "ada", "password": PASSWORD}},
        {"files": {"grant_type": (None, "password")}},
        {"content": b"grant_type=password", "headers": {"Content-Type": "text/plain"}},
        {"content": b"grant_type=password"},
    ],
    ids=["json", "multipart", "text", "none"],
)
async def test_what_is_no_form_is_an_invalid_request(shared: Service, sent: dict[str, Any]) -> None:
    answer = await shared.client.post("/api/v1/auth/token", **sent)

    assert_oauth_error(answer, 415, "invalid_request")


HOSTILE_FORMS = {
    "empty": b"",
    "separators": b"&&&=&=;%%%",
    "equals": b"=".join([b"grant_type"] * 3),
    "nul": b"grant_type=%00",
    "no utf-8": b"grant_type=\xff\xfe&username=%ff",
    "many fields": b"&".join(b"p%d=1" % number for number in range(6000)),
    "one long name": b"a" * 60_000,
    "strange credentials": b"grant_type=password&username=%00%ff\xff&password=\x00\xff%ED%A0%80",
    "strange refresh token": b"grant_type=refresh_token&refresh_token=%00\xff",
    "accents": b"grant_type=password&username=ada&password=" + b"%cc%81" * 9000,
    "utf-16": '{"grant_type": "password"}'.encode("utf-16"),
}


@pytest.mark.parametrize("form", HOSTILE_FORMS.values(), ids=HOSTILE_FORMS)
async def test_a_hostile_form_is_refused_in_rfc_6749s_terms(shared: Service, form: bytes) -> None:
    answer = await shared.client.post("/api/v1/auth/token", content=form, headers=FORM)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] in {"invalid_request", "invalid_grant", "unsupported_grant_type"}


async def test_the_form_route_answers_to_post_alone(shared: Service) -> None:
    answer = await shared.client.get("/api/v1/auth/token?grant_type=password&username=ada&password=x")

    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
