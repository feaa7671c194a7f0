"""The gateway check: who it lets through, what it says of them, and that it needs no database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from tests.support.service import Service, bearer, running, settings_for_tests

VERIFY = "/gateway/verify"


@pytest.fixture
async def guarded(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    settings = settings_for_tests(
        database_url,
        tmp_path,
        tokens={
            "extra_header": "X-Access-Tokens",
            "scopes": "account,books",
            "role_scopes": {"editor": ["books:write"]},
        },
    )
    async with running(settings) as service:
        yield service


async def ask(service: Service, token: str | None, query: str = "", method: str = "GET") -> httpx.Response:
    headers = bearer(token) if token else {}
    return await service.client.request(method, f"{VERIFY}{query}", headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_good_token_passes_and_says_who_it_is(guarded: Service, method: str) -> None:
    user = await guarded.register()
    tokens = await guarded.login()

    answer = await ask(guarded, tokens["access_token"], method=method)

    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["x-auth-subject"] == user["id"]
    assert answer.headers["x-auth-username"] == "ada"
    assert answer.headers["x-auth-session"]
    assert answer.headers["x-auth-scope"] == "account books"
    assert answer.headers["x-auth-roles"] == ""
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


async def test_without_a_token_it_is_401_and_asks_for_bearer(guarded: Service) -> None:
    answer = await ask(guarded, None)

    assert answer.status_code == 401
    assert answer.content == b""
    assert answer.headers["www-authenticate"] == "Bearer"
    assert not [name for name in answer.headers if name.startswith("x-auth-")]


async def test_a_bad_token_is_401_with_the_reason(guarded: Service) -> None:
    answer = await ask(guarded, "nonsense")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


async def test_an_expired_token_says_so(guarded: Service) -> None:
    await guarded.register()
    tokens = await guarded.login()
    guarded.clock.advance(timedelta(minutes=11))

    answer = await ask(guarded, tokens["access_token"])

    assert answer.status_code == 401
    assert "Signature expired" in answer.headers["www-authenticate"]


async def test_a_revoked_token_does_not_pass(guarded: Service) -> None:
    await guarded.register()
    tokens = await guarded.login()
    before = await ask(guarded, tokens["access_token"])
    await guarded.client.post("/api/v1/auth/logout", headers=bearer(tokens["access_token"]))

    after = await ask(guarded, tokens["access_token"])

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?scope=account", 200),
        ("?scope=account&scope=books", 200),
        ("?scope=account%20books", 200),
        ("?scope=account&scope=books:write", 200),
        ("?role=editor", 200),
        ("?role=editor&scope=books", 200),
        ("?scope=other", 403),
        ("?scope=account&scope=other", 403),
        ("?scope=account%20other", 403),
        ("?role=admin", 403),
        ("?role=editor&role=admin", 403),
        ("?role=", 403),
        ("?role=edit", 403),
    ],
)
async def test_all_that_the_query_names_is_required(guarded: Service, query: str, status: int) -> None:
    await guarded.register()
    administrator = await guarded.administrator()
    user = (await guarded.client.get("/api/v1/users", headers=bearer(administrator["access_token"]))).json()["items"][0]
    await guarded.client.put(f"/api/v1/users/{user['id']}/roles/editor", headers=bearer(administrator["access_token"]))
    tokens = await guarded.login()

    answer = await ask(guarded, tokens["access_token"], query)

    assert answer.status_code == status
    if status == 403:
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_the_extra_header_is_read_where_no_authorization_came(guarded: Service) -> None:
    await guarded.register()
    token = (await guarded.login())["access_token"]

    bare = await guarded.client.get(VERIFY, headers={"X-Access-Tokens": token})
    beside = await guarded.client.get(VERIFY, headers={"X-Access-Tokens": token, "Authorization": "Basic eDp5"})

    assert (bare.status_code, beside.status_code) == (200, 401)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(guarded: Service, method: str) -> None:
    answer = await ask(guarded, None, method=method)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/gateway/verify/", "/gateway/verify/x", "/gateway", "/Gateway/Verify"])
async def test_other_paths_are_not_the_check(guarded: Service, path: str) -> None:
    assert (await guarded.client.get(path)).status_code == 404


async def test_it_asks_the_database_nothing(guarded: Service) -> None:
    await guarded.register()
    token = (await guarded.login())["access_token"]
    statements: list[str] = []
    engine = guarded.services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    first = await ask(guarded, token)
    again = await ask(guarded, token)

    assert (first.status_code, again.status_code) == (200, 200)
    assert statements == []


async def test_what_a_client_claims_to_be_is_not_repeated(guarded: Service) -> None:
    answer = await guarded.client.get(VERIFY, headers={"X-Auth-Subject": "me", "X-Auth-Roles": "admin"})

    assert answer.status_code == 401
    assert "x-auth-subject" not in answer.headers
