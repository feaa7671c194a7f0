"""Every administrator's route: for nobody, for a user, for an administrator."""

import re
from typing import Any

import pytest

from app.ids import new_id
from tests.api.support import Person, administrator, assert_problem, person
from tests.support.service import Service

ROUTES: dict[tuple[str, str], tuple[int, dict[str, Any] | None]] = {
    ("GET", "/users"): (200, None),
    ("GET", "/users/{user_id}"): (200, None),
    ("PATCH", "/users/{user_id}"): (200, {"email_verified": False}),
    ("GET", "/users/{user_id}/sessions"): (200, None),
    ("PUT", "/users/{user_id}/roles/{role}"): (200, None),
    ("DELETE", "/users/{user_id}/roles/{role}"): (200, None),
    ("POST", "/users/{user_id}/logout"): (204, None),
    ("POST", "/users/{user_id}/disable"): (200, None),
    ("POST", "/users/{user_id}/enable"): (200, None),
    ("DELETE", "/users/{user_id}"): (204, None),
    ("GET", "/keys"): (200, None),
    ("POST", "/keys/rotate"): (200, {"now": False}),
}
"""Each route with its status and body when an administrator asks for an ordinary user."""
EACH = pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])
OF_A_USER = [route for route in ROUTES if "{user_id}" in route[1]]


def filled(path: str, user_id: object, role: str = "editor") -> str:
    return path.format(user_id=user_id, role=role)


async def test_without_a_token_nobody_gets_in(shared: Service) -> None:
    user = await person(shared)

    for (method, path), (_, body) in ROUTES.items():
        answer = await shared.client.request(method, f"/api/v1{filled(path, user.id)}", json=body)
        assert_problem(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"

    assert (await user.me()).status_code == 200


async def test_a_user_may_not_even_about_oneself(shared: Service) -> None:
    user = await person(shared)
    before = (await user.me()).json()
    challenge = r'Bearer error="insufficient_scope", error_description="[^"\\]+"'

    for (method, path), (_, body) in ROUTES.items():
        answer = await user.ask(method, filled(path, user.id), json=body)
        assert_problem(answer, 403, "insufficient_scope")
        assert re.fullmatch(challenge, answer.headers["www-authenticate"])

    assert (await user.me()).json() == before


@EACH
async def test_an_administrator_may(shared: Service, root: Person, method: str, path: str) -> None:
    user = await person(shared)
    status, body = ROUTES[method, path]

    answer = await root.ask(method, filled(path, user.id), json=body)

    assert answer.status_code == status, answer.text
    assert bool(answer.content) == (status == 200)


async def test_whoever_was_administrator_may_not(shared: Service, root: Person) -> None:
    former = await administrator(shared)
    await root.ask("DELETE", f"/users/{former.id}/roles/admin")

    for (method, path), (_, body) in ROUTES.items():
        assert_problem(await former.ask(method, filled(path, root.id), json=body), 401, "invalid_token")
    await former.refresh()
    for (method, path), (_, body) in ROUTES.items():
        assert_problem(await former.ask(method, filled(path, root.id), json=body), 403, "insufficient_scope")


@pytest.mark.parametrize(("method", "path"), OF_A_USER, ids=[" ".join(route) for route in OF_A_USER])
async def test_a_user_there_is_not_is_not_found(root: Person, method: str, path: str) -> None:
    body = ROUTES[method, path][1]

    for nobody in (new_id(), "nonsense", root.id.replace("-", ""), f"urn:uuid:{root.id}", "%00", "é"):
        answer = await root.ask(method, filled(path, nobody), json=body)
        assert_problem(answer, 404, "not_found")


async def test_the_table_names_every_administrators_route(shared: Service) -> None:
    document = (await shared.client.get("/openapi.json")).json()
    tagged = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation["tags"] == ["Administration"]
    }

    assert tagged == set(ROUTES)


async def test_what_an_administrator_sees_of_a_user_is_what_the_user_sees(shared: Service, root: Person) -> None:
    user = await person(shared)

    seen = await root.ask("GET", f"/users/{user.id}")

    assert seen.json() == (await user.me()).json()


async def test_a_role_given_is_in_the_next_token_and_works_from_then_on(shared: Service, root: Person) -> None:
    user = await person(shared)

    await root.ask("PUT", f"/users/{user.id}/roles/admin")
    with_the_old_token = await user.ask("GET", "/users?limit=1")
    await user.refresh()

    assert_problem(with_the_old_token, 403, "insufficient_scope")
    assert (await user.ask("GET", "/users?limit=1")).status_code == 200
