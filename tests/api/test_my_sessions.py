"""`/api/v1/users/me/sessions`: one's devices, in pages, with the reason why one has ended."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.support import Person, administrator, assert_problem, broken_rules, person
from tests.support.service import Service, bearer

SESSIONS = "/users/me/sessions"

NOBODYS = "6b3c5d0e-7c1f-4e0a-9a35-0d6a2f1b8c11"


async def listed(who: Person, query: str = "") -> list[dict[str, Any]]:
    answer = await who.ask("GET", SESSIONS + query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_session_is_listed_with_its_device(shared: Service) -> None:
    user = await person(shared)
    headers = {"User-Agent": "Browser/1.0 \x1b[31m(Ada's phone)"}
    body = {"username": user.username, "password": "engine of differences"}
    phone = await shared.client.post("/api/v1/auth/login", json=body, headers=headers)

    answer = await shared.client.get(f"/api/v1{SESSIONS}", headers=bearer(phone.json()["access_token"]))

    assert set(answer.json()) == {"items", "next_cursor"}
    newest, oldest = answer.json()["items"]
    assert newest["user_agent"] == "Browser/1.0 [31m(Ada's phone)"
    assert newest["ip"] == "127.0.0.1"
    assert (newest["current"], oldest["current"]) == (True, False)
    assert newest["last_used_at"] == newest["created_at"] > oldest["created_at"]
    assert newest["expires_at"] > newest["created_at"]
    assert {"id", "created_at", "last_used_at", "expires_at", "ip", "user_agent", "current"} <= set(newest)


async def test_ended_sessions_are_listed_only_when_asked_for(shared: Service) -> None:
    user = await person(shared)
    other = await user.login()
    await shared.client.post("/api/v1/auth/logout", headers=bearer(other.access_token))

    live, every = await listed(user), await listed(user, "?ended=true")

    assert [session["current"] for session in live] == [True]
    assert [session["end_reason"] for session in every] == ["logout", None]
    assert every[0]["ended_at"] >= every[0]["created_at"]
    assert every[1]["ended_at"] is None


async def test_sessions_that_died_unused_say_idle_and_those_that_grew_old_say_expired(service: Service) -> None:
    user = await person(service)
    unused = await user.login()
    for _ in range(3):
        service.clock.advance(timedelta(days=9))
        assert (await user.refresh()).status_code == 200
    service.clock.advance(timedelta(days=4))

    assert_problem(await user.refresh(), 401, "invalid_refresh_token")
    assert_problem(await unused.refresh(), 401, "invalid_refresh_token")
    assert_problem(await user.me(), 401, "token_expired")
    again = await user.login()
    every = await listed(again, "?ended=true")
    assert [session["end_reason"] for session in every] == [None, "idle", "expired"]
    assert every[1]["ended_at"] < every[2]["ended_at"] == every[2]["expires_at"]
    assert [session["current"] for session in await listed(again)] == [True]


async def test_a_list_comes_in_pages_that_miss_and_repeat_nothing(shared: Service) -> None:
    user = await person(shared)
    for _ in range(4):
        await user.login()
    whole = await listed(user)

    seen: list[dict[str, Any]] = []
    sizes: list[int] = []
    query = "?limit=2"
    while query:
        page = (await user.ask("GET", SESSIONS + query)).json()
        seen += page["items"]
        sizes.append(len(page["items"]))
        query = page["next_cursor"] and f"?limit=2&cursor={page['next_cursor']}"

    assert sizes == [2, 2, 1]
    assert seen == whole
    assert [session["id"] for session in whole] == sorted((session["id"] for session in whole), reverse=True)


async def test_a_cursor_holds_while_sessions_come_and_go(shared: Service) -> None:
    user = await person(shared)
    for _ in range(3):
        await user.login()
    whole = await listed(user)
    first = (await user.ask("GET", f"{SESSIONS}?limit=2")).json()
    await user.login()
    await user.ask("DELETE", f"{SESSIONS}/{whole[1]['id']}")

    second = await listed(user, f"?limit=2&cursor={first['next_cursor']}")

    assert [session["id"] for session in second] == [session["id"] for session in whole[2:]]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "%00", "a" * 512, "=" * 8, NOBODYS])
async def test_a_forged_cursor_is_refused(shared: Service, cursor: str) -> None:
    user = await person(shared)

    assert_problem(await user.ask("GET", f"{SESSIONS}?cursor={cursor}"), 400, "invalid_cursor")


async def test_an_altered_cursor_is_refused(shared: Service) -> None:
    user = await person(shared)
    await user.login()
    cursor = (await user.ask("GET", f"{SESSIONS}?limit=1")).json()["next_cursor"]
    middle = len(cursor) // 2
    altered = cursor[:middle] + ("B" if cursor[middle] == "A" else "A") + cursor[middle + 1 :]

    assert_problem(await user.ask("GET", f"{SESSIONS}?cursor={altered}"), 400, "invalid_cursor")
    assert (await user.ask("GET", f"{SESSIONS}?cursor={cursor}")).status_code == 200


async def test_a_cursor_of_another_list_is_refused(shared: Service) -> None:
    root, user = await administrator(shared), await person(shared)
    for who in (root, user):
        await who.login()
    paths = [SESSIONS, "/users", f"/users/{root.id}/sessions", f"/users/{user.id}/sessions"]
    cursors = {path: (await root.ask("GET", f"{path}?limit=1")).json()["next_cursor"] for path in paths}

    for path in paths:
        for origin, cursor in cursors.items():
            answer = await root.ask("GET", f"{path}?cursor={cursor}")
            if path == origin:
                assert answer.status_code == 200
            else:
                assert_problem(answer, 400, "invalid_cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "9" * 30, ""])
async def test_a_limit_out_of_bounds_is_refused(shared: Service, limit: str) -> None:
    user = await person(shared)

    assert {place for place, _ in broken_rules(await user.ask("GET", f"{SESSIONS}?limit={limit}"))} == {"limit"}


async def test_ending_a_session_refuses_its_tokens_and_no_others(shared: Service) -> None:
    user = await person(shared)
    phone = await user.login()
    session_id = next(session["id"] for session in await listed(phone) if session["current"])

    answer = await user.ask("DELETE", f"{SESSIONS}/{session_id}")

    assert answer.status_code == 204
    assert_problem(await phone.me(), 401, "invalid_token")
    assert_problem(await phone.refresh(), 401, "invalid_refresh_token")
    assert (await user.me()).status_code == 200
    assert [session["end_reason"] for session in await listed(user, "?ended=true")] == ["ended_by_user", None]


async def test_ending_a_session_again_is_as_good_as_once(shared: Service) -> None:
    user = await person(shared)
    await user.login()
    newest = (await listed(user))[0]["id"]

    answers = [await user.ask("DELETE", f"{SESSIONS}/{newest}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


async def test_someone_elses_session_is_not_there(shared: Service) -> None:
    user, other = await person(shared), await person(shared)
    theirs = (await listed(other))[0]["id"]

    answer = await user.ask("DELETE", f"{SESSIONS}/{theirs}")

    assert_problem(answer, 404, "not_found")
    assert (await other.me()).status_code == 200
    assert (await other.refresh()).status_code == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        "x",
        "%00",
        "0",
        "..%2f..",
        "é",
        "01a210098ba670289fce194cd94ca2c9",
        "6b3c5d0e-7c1f-4e0a-9a35-0d6a2f1b8c11",
        "{6b3c5d0e-7c1f-4e0a-9a35-0d6a2f1b8c11}",
    ],
)
async def test_an_id_that_is_none_is_not_there(shared: Service, nonsense: str) -> None:
    user = await person(shared)

    assert_problem(await user.ask("DELETE", f"{SESSIONS}/{nonsense}"), 404, "not_found")
