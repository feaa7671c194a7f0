"""`PUT|DELETE /api/v1/users/{id}/roles/{role}`, and that somebody can always administer."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.api.support import PASSWORD, Person, administrator, assert_problem, person
from tests.support.service import Service


def roles_in(tokens: dict[str, Any]) -> list[str]:
    claims: dict[str, list[str]] = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return claims["roles"]


async def test_a_role_given_is_in_the_next_token(shared: Service, root: Person) -> None:
    user = await person(shared)

    answer = await root.ask("PUT", f"/users/{user.id}/roles/editor")

    assert answer.json()["roles"] == ["editor"]
    assert (await user.me()).json() == answer.json()
    assert roles_in(user.tokens) == []
    await user.refresh()
    assert roles_in(user.tokens) == ["editor"]


async def test_a_role_given_twice_is_as_good_as_once(shared: Service, root: Person) -> None:
    user = await person(shared)

    first, second = [await root.ask("PUT", f"/users/{user.id}/roles/editor") for _ in range(2)]

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()


async def test_a_role_taken_refuses_live_access_tokens_and_the_session_goes_on(shared: Service, root: Person) -> None:
    user = await person(shared)
    for role in ("editor", "author"):
        await root.ask("PUT", f"/users/{user.id}/roles/{role}")
    await user.refresh()

    answer = await root.ask("DELETE", f"/users/{user.id}/roles/editor")

    assert answer.json()["roles"] == ["author"]
    assert_problem(await user.me(), 401, "invalid_token")
    assert (await user.refresh()).status_code == 200
    assert roles_in(user.tokens) == ["author"]
    assert (await user.me()).json() == answer.json()


async def test_taking_a_role_that_was_not_held_changes_nothing(shared: Service, root: Person) -> None:
    user = await person(shared)
    before = (await user.me()).json()

    answer = await root.ask("DELETE", f"/users/{user.id}/roles/editor")

    assert answer.status_code == 200
    assert answer.json() == before
    assert (await user.me()).json() == before


async def test_a_user_holds_32_roles_and_not_one_more(shared: Service, root: Person) -> None:
    user = await person(shared)

    granted = [await root.ask("PUT", f"/users/{user.id}/roles/r{number}") for number in range(32)]
    one_more = await root.ask("PUT", f"/users/{user.id}/roles/r32")
    held_already = await root.ask("PUT", f"/users/{user.id}/roles/r31")

    assert {answer.status_code for answer in granted} == {200}
    assert_problem(one_more, 409, "too_many_roles")
    assert held_already.json()["roles"] == [f"r{number}" for number in range(32)]


@pytest.mark.parametrize("role", ["a", "0", "books:read", "a.b_c-d", "a" * 64])
async def test_a_role_may_be_any_name_of_these(shared: Service, root: Person, role: str) -> None:
    user = await person(shared)

    answer = await root.ask("PUT", f"/users/{user.id}/roles/{role}")

    assert answer.json()["roles"] == [role]


@pytest.mark.parametrize("role", ["Editor", "a%20b", "é", "a" * 65, "%00", "a%0A", "%25", "a+b"])
async def test_a_role_that_cannot_be_is_not_there(shared: Service, root: Person, role: str) -> None:
    user = await person(shared)

    assert_problem(await root.ask("PUT", f"/users/{user.id}/roles/{role}"), 404, "not_found")
    assert_problem(await root.ask("DELETE", f"/users/{user.id}/roles/{role}"), 404, "not_found")


Removal = Callable[[Person], Awaitable[httpx.Response]]
REMOVALS: dict[str, Removal] = {
    "disabling": lambda root: root.ask("POST", f"/users/{root.id}/disable"),
    "demoting": lambda root: root.ask("DELETE", f"/users/{root.id}/roles/admin"),
    "deleting": lambda root: root.ask("DELETE", f"/users/{root.id}"),
    "closing": lambda root: root.ask("DELETE", "/users/me", json={"current_password": PASSWORD}),
}


async def test_the_last_administrator_stays(service: Service) -> None:
    root, disabled, user = await administrator(service), await administrator(service), await person(service)
    await root.ask("POST", f"/users/{disabled.id}/disable")
    before = (await root.me()).json()

    for removal in REMOVALS.values():
        assert_problem(await removal(root), 409, "last_administrator")

    assert (await root.me()).json() == before
    assert (await root.ask("PUT", f"/users/{user.id}/roles/editor")).status_code == 200


@pytest.mark.parametrize("removal", REMOVALS.values(), ids=REMOVALS)
async def test_an_administrator_beside_another_may_go(shared: Service, removal: Removal) -> None:
    await administrator(shared)
    going = await administrator(shared)

    answer = await removal(going)

    assert answer.status_code in {200, 204}
    assert_problem(await going.ask("GET", "/users"), 401, "invalid_token")
