"""Every protected route of the OpenAPI document, however it is asked without a good token."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.api.support import assert_problem, person
from tests.support.service import Service, bearer

INVALID = "Invalid token. Please log in again."
EXPIRED = "Signature expired. Please log in again."
BAD_TOKENS = ["x", "a.b.c", "e30.e30.", "sgr_" + "A" * 72, "a" * 9000, "é.é.é", "two words", "=", "a.b.c.d.e"]


async def protected(service: Service) -> list[tuple[str, str]]:
    """The method and URL of every route that the document says needs a token."""
    paths = (await service.client.get("/openapi.json")).json()["paths"]
    return [
        (method.upper(), re.sub(r"\{\w+\}", "01890a5d-ac96-774b-bcce-b302099a8057", path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation.get("security")
    ]


def assert_invalid_token(answer: httpx.Response, description: str = INVALID, code: str = "invalid_token") -> None:
    body = assert_problem(answer, 401, code)
    assert body["detail"] == description
    assert answer.headers["www-authenticate"] == f'Bearer error="invalid_token", error_description="{description}"'


async def test_without_credentials_every_protected_route_asks_for_a_token(shared: Service) -> None:
    routes = await protected(shared)

    assert len(routes) >= 20
    for method, url in routes:
        answer = await shared.client.request(method, url)
        assert_problem(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_with_a_bad_token_every_protected_route_says_that_it_is_bad(shared: Service) -> None:
    for method, url in await protected(shared):
        for token in BAD_TOKENS:
            headers = {b"Authorization": f"Bearer {token}".encode()}
            assert_invalid_token(await shared.client.request(method, url, headers=headers))


async def test_with_a_revoked_token_every_protected_route_says_that_it_is_bad(shared: Service) -> None:
    user = await person(shared)
    await user.ask("POST", "/auth/logout")

    for method, url in await protected(shared):
        assert_invalid_token(await shared.client.request(method, url, headers=bearer(user.access_token)))


async def test_with_an_expired_token_every_protected_route_says_that_it_is_over(service: Service) -> None:
    user = await person(service)
    service.clock.advance(timedelta(minutes=11))

    for method, url in await protected(service):
        answer = await service.client.request(method, url, headers=bearer(user.access_token))
        assert_invalid_token(answer, EXPIRED, "token_expired")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_is_read_in_any_case(shared: Service, scheme: str) -> None:
    user = await person(shared)

    answer = await shared.client.get("/api/v1/users/me", headers={"Authorization": f"{scheme} {user.access_token}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "form", ["{}", "Bearer", "Bearer ", "Basic {}", "Token {}", "Bearer{}", "Bearer\t{}", "", "Bearer:{}", "{} Bearer"]
)
async def test_what_is_no_bearer_header_counts_as_none(shared: Service, form: str) -> None:
    user = await person(shared)
    headers = {"Authorization": form.format(user.access_token)}

    assert_problem(await shared.client.get("/api/v1/users/me", headers=headers), 401, "not_authenticated")


async def test_two_authorization_headers_count_as_none(shared: Service) -> None:
    user = await person(shared)
    good = f"Bearer {user.access_token}"

    for other in (good, "Bearer x", "Basic eDp5", ""):
        answer = await shared.client.get(
            "/api/v1/users/me", headers=[("Authorization", good), ("Authorization", other)]
        )
        assert_problem(answer, 401, "not_authenticated")


async def test_a_token_anywhere_but_in_the_header_counts_as_none(shared: Service) -> None:
    user = await person(shared)
    token = user.access_token
    places: list[dict[str, Any]] = [
        {"params": {"access_token": token}},
        {"params": {"token": token, "bearer": token}},
        {"headers": {"Cookie": f"access_token={token}; Authorization=Bearer {token}"}},
        {"headers": {"X-Access-Token": token, "Proxy-Authorization": f"Bearer {token}"}},
    ]

    for place in places:
        assert_problem(await shared.client.get("/api/v1/users/me", **place), 401, "not_authenticated")
    posted = await shared.client.post("/api/v1/auth/logout-all", data={"access_token": token})
    assert_problem(posted, 401, "not_authenticated")
    assert (await user.me()).status_code == 200
