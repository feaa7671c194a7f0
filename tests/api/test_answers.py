"""What every answer carries, refusals and our own failures included."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from app.ids import parse_id
from tests.api.support import PASSWORD, administrator, assert_problem, person
from tests.support.service import Service, bearer, running, settings_for_tests

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def is_uuid(text: str) -> bool:
    return parse_id(text) is not None


async def every_kind_of_answer(service: Service) -> AsyncIterator[httpx.Response]:
    """One answer of each status, from each layer."""
    root = await administrator(service)
    json = {"Content-Type": "application/json"}
    client, register = service.client, "/api/v1/auth/register"
    for method, path, more in (
        ("GET", "/livez", {}),
        ("GET", "/readyz", {}),
        ("GET", "/.well-known/jwks.json", {}),
        ("HEAD", "/api/v1/users/me", {"headers": bearer(root.access_token)}),
        ("GET", "/api/v1/users/me", {"headers": bearer(root.access_token)}),
        ("GET", "/api/v1/users/me", {}),
        ("GET", "/api/v1/users/me", {"headers": bearer("x")}),
        ("GET", "/nowhere", {}),
        ("PUT", "/livez", {}),
        ("OPTIONS", "/livez", {}),
        ("POST", register, {"content": b"{", "headers": json}),
        ("POST", register, {"json": {}}),
        ("POST", register, {"json": {"username": root.username, "password": PASSWORD}}),
        ("POST", register, {"content": b"x" * 70_000, "headers": json}),
        ("POST", register, {"content": b"x"}),
        ("POST", "/api/v1/auth/token", {"data": {"grant_type": "x"}}),
        ("POST", "/api/v1/auth/logout", {"headers": bearer(root.access_token)}),
    ):
        yield await client.request(method, path, **more)


async def test_every_answer_carries_the_security_headers(shared: Service) -> None:
    statuses = set()

    async for answer in every_kind_of_answer(shared):
        statuses.add(answer.status_code)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] in {"no-store", "public, max-age=600"}
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers

    assert statuses == {200, 204, 400, 401, 404, 405, 409, 413, 415, 422}


async def test_an_https_issuer_has_browsers_keep_to_https(database_url: str, tmp_path: Path) -> None:
    settings = settings_for_tests(database_url, tmp_path, tokens={"issuer": "https://auth.example.org"})

    async with running(settings) as service:
        answer = await service.client.get("/nowhere")

    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_every_answer_carries_a_request_id_of_its_own(shared: Service) -> None:
    ids = [answer.headers.get_list("x-request-id") async for answer in every_kind_of_answer(shared)]

    assert all(len(found) == 1 and is_uuid(found[0]) for found in ids)
    assert len({found[0] for found in ids}) == len(ids)


@pytest.mark.parametrize("given", ["a", "trace-01.A_b", "x" * 128])
async def test_a_well_formed_request_id_comes_back(shared: Service, given: str) -> None:
    for path in ("/livez", "/nowhere"):
        answer = await shared.client.get(path, headers={"X-Request-ID": given})
        assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", "a\x1b[31m", 'a"b', "<script>", "a\tb", "{}"])
async def test_a_malformed_request_id_is_replaced(shared: Service, given: str) -> None:
    answer = await shared.client.get("/livez", headers={b"X-Request-ID": given.encode()})

    [replaced] = answer.headers.get_list("x-request-id")
    assert is_uuid(replaced)


async def test_two_request_ids_are_replaced_by_one(shared: Service) -> None:
    answer = await shared.client.get("/livez", headers=[("X-Request-ID", "one"), ("X-Request-ID", "two")])

    [replaced] = answer.headers.get_list("x-request-id")
    assert is_uuid(replaced)


async def test_a_defect_of_ours_is_a_problem_that_gives_nothing_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await person(service)

    async def defect(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("Zq7marker: the inside of the machine")

    monkeypatch.setattr(service.services.profiles, "find_current", defect)
    monkeypatch.setattr(service.services.login, "with_password", defect)
    body = {"username": user.username, "password": f"{PASSWORD} Zq7marker"}
    with capture_logs() as lines:
        answers = [
            await user.me(),
            await user.ask("PATCH", "/users/me", json={"email": None, "current_password": PASSWORD}),
            await service.client.post("/api/v1/auth/login", json=body),
            await service.client.post("/api/v1/auth/token", data={**body, "grant_type": "password"}),
        ]

    assert [line["event"] for line in lines] == ["unhandled error"] * 4
    for answer in answers:
        assert_problem(answer, 500, "internal_error")
        assert is_uuid(answer.headers["x-request-id"])
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        for secret in ("Zq7marker", "RuntimeError", "Traceback", PASSWORD, user.username):
            assert secret not in answer.text
    monkeypatch.undo()
    assert (await user.me()).status_code == 200


async def test_what_is_bound_to_a_failing_statement_is_in_no_error_and_so_in_no_log(service: Service) -> None:
    statement = text("INSERT INTO nowhere (password_hash) VALUES (:password_hash)")

    with pytest.raises(DBAPIError) as failure:
        async with service.services.database.transaction() as db:
            await db.execute(statement, {"password_hash": "Zq7marker"})

    assert "nowhere" in str(failure.value)
    assert "Zq7marker" not in str(failure.value)


async def test_head_of_a_defect_has_no_body(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def defect() -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr(service.services.readiness, "checks", defect)

    with capture_logs():
        answer = await service.client.head("/readyz")

    assert (answer.status_code, answer.content) == (500, b"")
    assert answer.headers["content-type"] == "application/problem+json"
