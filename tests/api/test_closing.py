"""`DELETE /api/v1/users/me` (and the administrator's): nothing personal is left behind."""

import httpx
import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.composition import database_url as url_of
from tests.api.support import PASSWORD, Person, assert_problem, broken_rules, fresh_name, person
from tests.support.service import Service, bearer

ADDRESS = "203.0.113.77"


async def dump(service: Service) -> str:
    """Everything that stands in every table, as text, read through a connection of its own."""
    engine = create_async_engine(url_of(service.services.settings))
    try:
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
            rows = [(await connection.execute(text(f'SELECT * FROM "{name}"'))).all() for name in names]
    finally:
        await engine.dispose()
    assert {"users", "sessions", "revocations"} <= set(names)
    return repr(rows)


async def traceable(service: Service) -> tuple[Person, list[str]]:
    """Somebody with sessions from a device and an address of their own, and every string that would betray them."""
    email, agent = f"{fresh_name('mail')}@example.org", fresh_name("Browser/")
    user = await person(service, "Quaint", email=email)
    body = {"username": user.username, "password": PASSWORD}
    device = httpx.ASGITransport(service.app, client=(ADDRESS, 50_000))
    async with httpx.AsyncClient(transport=device, base_url="http://testserver") as phone:
        await phone.post("/api/v1/auth/login", json=body, headers={"User-Agent": agent})
        answer = await phone.post("/api/v1/auth/login", json=body, headers={"User-Agent": agent})
    await service.refresh(answer.json()["refresh_token"], key="personal-idempotency-key-0001")
    await service.client.post("/api/v1/auth/logout", headers=bearer(answer.json()["access_token"]))
    async with service.services.database.statement() as db:
        found = await db.execute(
            text("SELECT password_hash FROM users WHERE username = :name"), {"name": user.username}
        )
        password_hash = str(found.scalar_one())
    return user, [user.username, user.username.lower(), email, email.partition("@")[0], agent, ADDRESS, password_hash]


async def close_own(user: Person, password: str) -> httpx.Response:
    return await user.ask("DELETE", "/users/me", json={"current_password": password})


async def test_whoever_closes_their_account_leaves_nothing_personal_behind(shared: Service) -> None:
    user, traces = await traceable(shared)
    before = await dump(shared)

    answer = await close_own(user, PASSWORD)

    after = await dump(shared)
    assert answer.status_code == 204
    assert all(trace in before for trace in traces)
    assert not [trace for trace in traces if trace in after]


async def test_whoever_is_deleted_by_an_administrator_leaves_nothing_personal_behind(
    shared: Service, root: Person
) -> None:
    user, traces = await traceable(shared)

    answer = await root.ask("DELETE", f"/users/{user.id}")

    after = await dump(shared)
    assert answer.status_code == 204
    assert not [trace for trace in traces if trace in after]
    assert_problem(await root.ask("GET", f"/users/{user.id}"), 404, "not_found")


async def test_nothing_of_a_closed_account_is_accepted_any_more(shared: Service) -> None:
    user = await person(shared, email=f"{fresh_name()}@example.org")
    phone = await user.login()

    await close_own(user, PASSWORD)

    for device in (user, phone):
        assert_problem(await device.me(), 401, "invalid_token")
        assert_problem(await device.refresh(), 401, "invalid_refresh_token")
        assert_problem(await device.ask("GET", "/users/me/sessions"), 401, "invalid_token")
    login = await shared.client.post("/api/v1/auth/login", json={"username": user.username, "password": PASSWORD})
    assert_problem(login, 401, "invalid_credentials")


async def test_the_name_and_the_address_of_a_closed_account_are_free_again(shared: Service) -> None:
    email = f"{fresh_name()}@example.org"
    user = await person(shared, email=email)
    await close_own(user, PASSWORD)

    successor = await shared.register(user.username, email=email)

    assert successor["id"] != user.id
    assert_problem(await user.me(), 401, "invalid_token")
    assert_problem(await user.refresh(), 401, "invalid_refresh_token")
    tokens = await shared.login(user.username)
    assert (await shared.me(tokens["access_token"])).json()["id"] == successor["id"]


@pytest.mark.parametrize("password", ["wrong-Zq7marker", "", PASSWORD.upper()])
async def test_an_account_is_closed_only_by_whoever_knows_the_password(shared: Service, password: str) -> None:
    user = await person(shared)

    answer = await close_own(user, password)

    assert_problem(answer, 403, "invalid_current_password")
    assert "Zq7marker" not in answer.text
    assert (await user.me()).status_code == 200
    assert (await user.refresh()).status_code == 200


async def test_an_account_is_not_closed_without_a_password(shared: Service) -> None:
    user = await person(shared)

    assert broken_rules(await user.ask("DELETE", "/users/me")) == {("body", "missing")}
    assert broken_rules(await user.ask("DELETE", "/users/me", json={})) == {("current_password", "missing")}
    assert (await user.me()).status_code == 200
