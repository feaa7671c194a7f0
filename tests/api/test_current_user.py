"""`/api/v1/users/me`: seeing oneself, changing the address, changing the password."""

from typing import Any

import pytest

from tests.api.support import PASSWORD, Person, assert_problem, broken_rules, fresh_name, person
from tests.support.service import Service

NEW = "another engine entirely"


async def change_password(who: Any, current: str, new: str) -> Any:
    return await who.ask("POST", "/users/me/password", json={"current_password": current, "new_password": new})


async def test_one_sees_oneself(shared: Service) -> None:
    user = await person(shared, email=f"{fresh_name()}@example.org")

    answer = await user.me()

    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {
        "id", "username", "email", "email_verified", "is_active", "roles", "created_at", "updated_at", "last_login_at",
    }  # fmt: skip
    assert body["id"] == user.id
    assert body["last_login_at"] >= body["created_at"]


async def test_a_changed_address_is_unverified(shared: Service, root: Person) -> None:
    user = await person(shared, email=f"{fresh_name()}@example.org")
    verified = await root.ask("PATCH", f"/users/{user.id}", json={"email_verified": True})
    email = f"{fresh_name()}@example.org"

    answer = await user.ask("PATCH", "/users/me", json={"email": email, "current_password": PASSWORD})

    assert verified.json()["email_verified"] is True
    assert answer.status_code == 200
    assert answer.json()["email"] == email
    assert answer.json()["email_verified"] is False
    assert (await user.me()).json() == answer.json()
    assert (await shared.login(email))["access_token"]


async def test_null_removes_the_address(shared: Service) -> None:
    email = f"{fresh_name()}@example.org"
    user = await person(shared, email=email)

    answer = await user.ask("PATCH", "/users/me", json={"email": None, "current_password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json()["email"] is None
    assert (await shared.register(fresh_name(), email=email))["email"] == email


async def test_ones_own_address_may_be_given_again(shared: Service) -> None:
    email = f"{fresh_name()}@example.org"
    user = await person(shared, email=email)

    answer = await user.ask("PATCH", "/users/me", json={"email": email.upper(), "current_password": PASSWORD})

    assert answer.status_code == 200


async def test_an_address_is_changed_only_by_whoever_knows_the_password(shared: Service) -> None:
    taken = f"{fresh_name()}@example.org"
    await shared.register(fresh_name(), email=taken)
    user = await person(shared)

    wrong = await user.ask("PATCH", "/users/me", json={"email": taken, "current_password": "wrong-Zq7marker"})
    missing = await user.ask("PATCH", "/users/me", json={"email": taken})
    right = await user.ask("PATCH", "/users/me", json={"email": taken, "current_password": PASSWORD})

    assert_problem(wrong, 403, "invalid_current_password")
    assert "Zq7marker" not in wrong.text
    assert broken_rules(missing) == {("current_password", "missing")}
    assert_problem(right, 409, "email_taken")
    assert (await user.me()).json()["email"] is None


@pytest.mark.parametrize("body", [{}, {"username": "another"}, {"email": None, "email_verified": True}])
async def test_nothing_but_the_address_can_be_changed(shared: Service, body: dict[str, Any]) -> None:
    user = await person(shared)

    answer = await user.ask("PATCH", "/users/me", json={**body, "current_password": PASSWORD})

    assert broken_rules(answer)


async def test_a_changed_password_is_the_only_one_that_logs_in(shared: Service) -> None:
    user = await person(shared)

    answer = await change_password(user, PASSWORD, NEW)

    old = await shared.client.post("/api/v1/auth/login", json={"username": user.username, "password": PASSWORD})
    assert answer.status_code == 204
    assert not answer.content
    assert_problem(old, 401, "invalid_credentials")
    assert (await user.login(NEW)).access_token


async def test_a_password_change_ends_every_other_session_and_says_so(shared: Service) -> None:
    user = await person(shared)
    others = [await user.login() for _ in range(2)]

    await change_password(user, PASSWORD, NEW)

    for other in others:
        assert_problem(await other.me(), 401, "invalid_token")
        assert_problem(await other.refresh(), 401, "invalid_refresh_token")
    listed = (await user.ask("GET", "/users/me/sessions?ended=true")).json()["items"]
    assert {(session["current"], session["end_reason"]) for session in listed} == {
        (True, None),
        (False, "password_changed"),
    }
    assert len(listed) == 3


async def test_the_session_that_changed_the_password_goes_on(shared: Service) -> None:
    user = await person(shared)

    await change_password(user, PASSWORD, NEW)

    assert (await user.me()).status_code == 200
    assert (await user.refresh()).status_code == 200
    assert (await user.me()).status_code == 200


async def test_a_password_is_changed_only_by_whoever_knows_it(shared: Service) -> None:
    user = await person(shared)
    other = await user.login()

    answer = await change_password(user, "wrong-Zq7marker", NEW)

    assert_problem(answer, 403, "invalid_current_password")
    assert "www-authenticate" not in answer.headers
    assert "Zq7marker" not in answer.text
    assert (await other.me()).status_code == 200
    assert (await user.login()).access_token


@pytest.mark.parametrize(
    ("new", "rule"), [("P@ssw0rd123", "common"), ("Zq7mark", "too_short"), ("{name}!", "contains_identity")]
)
async def test_a_weak_new_password_is_rejected_by_the_name_of_its_rule(shared: Service, new: str, rule: str) -> None:
    user = await person(shared, "babbage")
    other = await user.login()
    new = new.format(name=user.username)

    answer = await change_password(user, PASSWORD, new)

    assert ("new_password", rule) in broken_rules(answer, "password_rejected")
    assert new not in answer.text
    assert (await other.me()).status_code == 200
    assert (await user.login()).access_token
