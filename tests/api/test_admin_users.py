"""What administrators do with users: find, change, disable, enable, log out."""

from typing import Any

import pytest

from tests.api.support import PASSWORD, Person, administrator, assert_problem, broken_rules, fresh_name, person
from tests.support.service import Service


async def names(root: Person, query: str) -> list[str]:
    answer = await root.ask("GET", f"/users?{query}")
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["items"]]


async def test_users_are_found_by_part_of_name_or_address_role_and_state(service: Service) -> None:
    root = await administrator(service)
    ada = await person(service, "Ada", email="Lovelace@example.org")
    bob, eve = await person(service, "Bob_"), await person(service, "Eve")
    await root.ask("PUT", f"/users/{bob.id}/roles/editor")
    await root.ask("PUT", f"/users/{eve.id}/roles/chief-editor")
    await root.ask("POST", f"/users/{eve.id}/disable")

    found = {
        query: await names(root, query)
        for query in (
            "search=aDA", "search=LOVE", "search=%25", "search=b_", "search=d_", "search=", "search=%5C", "search=%00",
            "role=editor", "role=edit", "role=admin", "role=chief-editor%20", "role=%25", "role=%00",
            "is_active=true", "is_active=false", "is_active=false&role=editor", "is_active=true&role=editor&search=bo",
        )
    }  # fmt: skip

    everybody = [root.username, ada.username, bob.username, eve.username]
    assert found == {
        "search=aDA": [ada.username],
        "search=LOVE": [ada.username],
        "search=%25": [],
        "search=b_": [bob.username],
        "search=d_": [],
        "search=": everybody,
        "search=%5C": [],
        "search=%00": [],
        "role=editor": [bob.username],
        "role=edit": [],
        "role=admin": [root.username],
        "role=chief-editor%20": [],
        "role=%25": [],
        "role=%00": [],
        "is_active=true": everybody[:3],
        "is_active=false": [eve.username],
        "is_active=false&role=editor": [],
        "is_active=true&role=editor&search=bo": [bob.username],
    }


async def test_users_come_in_pages_that_miss_and_repeat_nothing(service: Service) -> None:
    root = await administrator(service)
    for _ in range(4):
        await service.register(fresh_name("Ada"))
    whole = (await root.ask("GET", "/users")).json()

    seen: list[dict[str, Any]] = []
    query = "limit=2"
    while query:
        page = (await root.ask("GET", f"/users?{query}")).json()
        seen += page["items"]
        query = page["next_cursor"] and f"limit=2&cursor={page['next_cursor']}"

    assert seen == whole["items"]
    assert len(seen) == 5
    assert whole["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("is_active=maybe", "is_active"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        (f"search={'a' * 321}", "search"),
        (f"role={'a' * 65}", "role"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused(root: Person, query: str, place: str) -> None:
    assert {broken for broken, _ in broken_rules(await root.ask("GET", f"/users?{query}"))} == {place}


async def test_an_administrator_changes_names_and_leaves_the_rest(shared: Service, root: Person) -> None:
    user = await person(shared, email=f"{fresh_name()}@example.org")
    before = (await user.me()).json()
    username, email = fresh_name("Renamed"), f"{fresh_name()}@example.org"

    renamed = await root.ask("PATCH", f"/users/{user.id}", json={"username": username})
    verified = await root.ask("PATCH", f"/users/{user.id}", json={"email_verified": True})
    moved = await root.ask("PATCH", f"/users/{user.id}", json={"email": email})
    removed = await root.ask("PATCH", f"/users/{user.id}", json={"email": None})

    changing = {"updated_at"}
    expected = {**before, "username": username}
    for answer, changes in (
        (renamed, {}),
        (verified, {"email_verified": True}),
        (moved, {"email": email, "email_verified": False}),
        (removed, {"email": None, "email_verified": False}),
    ):
        expected |= changes
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert {name: body[name] for name in body if name not in changing} == {
            name: expected[name] for name in expected if name not in changing
        }
    assert (await user.me()).json() == removed.json()
    assert (await shared.login(username))["access_token"]


async def test_nothing_to_change_changes_nothing(shared: Service, root: Person) -> None:
    user = await person(shared)

    answer = await root.ask("PATCH", f"/users/{user.id}", json={})

    assert answer.json() == (await user.me()).json()


async def test_names_that_others_have_cannot_be_given(shared: Service, root: Person) -> None:
    user = await person(shared)
    email = f"{fresh_name()}@example.org"
    other = await person(shared, email=email)

    name = await root.ask("PATCH", f"/users/{user.id}", json={"username": other.username.upper()})
    address = await root.ask("PATCH", f"/users/{user.id}", json={"email": email.upper()})

    assert_problem(name, 409, "username_taken")
    assert_problem(address, 409, "email_taken")
    assert (await user.me()).json()["username"] == user.username


@pytest.mark.parametrize(
    "body",
    [
        {"password": "another engine entirely"},
        {"roles": ["admin"]},
        {"is_active": False},
        {"id": "x"},
        {"username": "no spaces please"},
        {"username": None},
        {"email": "nowhere"},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email_verified": 1},
        [],
        None,
    ],
)
async def test_what_an_administrator_may_not_change_is_refused(shared: Service, root: Person, body: Any) -> None:
    user = await person(shared)
    before = (await user.me()).json()

    answer = await root.ask("PATCH", f"/users/{user.id}", json=body)

    assert broken_rules(answer)
    assert (await user.me()).json() == before


async def test_a_disabled_user_gets_in_nowhere(shared: Service, root: Person) -> None:
    user = await person(shared)

    answer = await root.ask("POST", f"/users/{user.id}/disable")

    assert answer.json()["is_active"] is False
    assert_problem(await user.me(), 401, "invalid_token")
    assert_problem(await user.refresh(), 401, "invalid_refresh_token")
    login = await shared.client.post("/api/v1/auth/login", json={"username": user.username, "password": PASSWORD})
    assert_problem(login, 401, "invalid_credentials")


async def test_an_enabled_user_logs_in_again_and_what_was_ended_stays_ended(shared: Service, root: Person) -> None:
    user = await person(shared)
    await root.ask("POST", f"/users/{user.id}/disable")

    answer = await root.ask("POST", f"/users/{user.id}/enable")

    assert answer.json()["is_active"] is True
    assert_problem(await user.me(), 401, "invalid_token")
    assert_problem(await user.refresh(), 401, "invalid_refresh_token")
    again = await user.login()
    assert (await again.me()).json() == {**answer.json(), "last_login_at": (await again.me()).json()["last_login_at"]}
    ended = (await root.ask("GET", f"/users/{user.id}/sessions?ended=true")).json()["items"]
    assert [session["end_reason"] for session in ended] == [None, "user_disabled"]
    assert not any(session["current"] for session in ended)


@pytest.mark.parametrize("action", ["disable", "enable"])
async def test_disabling_and_enabling_twice_is_as_good_as_once(shared: Service, root: Person, action: str) -> None:
    user = await person(shared)
    await root.ask("POST", f"/users/{user.id}/{'enable' if action == 'disable' else 'disable'}")

    first, second = [await root.ask("POST", f"/users/{user.id}/{action}") for _ in range(2)]

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()


async def test_an_administrator_logs_a_user_out_everywhere(shared: Service, root: Person) -> None:
    user = await person(shared)
    phone = await user.login()

    answers = [await root.ask("POST", f"/users/{user.id}/logout") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    for device in (user, phone):
        assert_problem(await device.me(), 401, "invalid_token")
        assert_problem(await device.refresh(), 401, "invalid_refresh_token")
    again = await user.login()
    assert (await again.me()).status_code == 200
    ended = (await again.ask("GET", "/users/me/sessions?ended=true")).json()["items"]
    assert [session["end_reason"] for session in ended] == [None, "ended_by_admin", "ended_by_admin"]
