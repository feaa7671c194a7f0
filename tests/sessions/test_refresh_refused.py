"""Refreshing through HTTP: what ends a session, and what is refused without writing anything."""

from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import delete

from app.domain.audit.origin import LOCAL
from tests.sessions.support import (
    IDLE,
    KEY,
    LEEWAY,
    MINUTE,
    REVOCATIONS,
    SECOND,
    SESSION_LIFETIME,
    SESSIONS,
    StandingClock,
    account,
    alter,
    alter_user,
    fresh_connection,
    is_accepted,
    is_refused,
    rotated,
    row,
    rows,
    session_of,
)
from tests.support.service import Service, bearer, running, settings_for_tests
from tests.tokens.support import claims_of


async def logged_in(service: Service) -> dict[str, Any]:
    await service.register()
    return await service.login()


async def test_a_used_token_ends_the_session_its_access_tokens_and_its_successor(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"])
    service.clock.advance(LEEWAY)

    with structlog.testing.capture_logs() as logs:
        replay = await service.refresh(first["refresh_token"])

    stored = await row(service, first)
    assert is_refused(replay)
    assert (stored["ended_at"], stored["end_reason"]) == (service.clock.now(), "refresh_token_reused")
    assert [entry["event"] for entry in logs] == ["refresh_token_reused"]
    for tokens in (first, second):
        assert (await service.me(tokens["access_token"])).json()["code"] == "invalid_token"
        assert is_refused(await service.refresh(tokens["refresh_token"]))
    assert await row(service, first) == stored


async def test_a_replay_within_the_same_instant_is_seen(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"])
    third = await rotated(service, second["refresh_token"])

    assert is_refused(await service.refresh(first["refresh_token"]))
    assert is_refused(await service.refresh(third["refresh_token"]))
    assert not await is_accepted(service, third["access_token"])


async def test_a_reuse_ends_no_other_session_of_the_user(service: Service) -> None:
    first, other = await logged_in(service), await service.login()
    await rotated(service, first["refresh_token"])
    service.clock.advance(LEEWAY)

    await service.refresh(first["refresh_token"])

    assert await is_accepted(service, other["access_token"])
    await rotated(service, other["refresh_token"])


async def test_a_session_that_was_pruned_is_refused_and_not_made_again(service: Service) -> None:
    tokens = await logged_in(service)
    async with fresh_connection(service) as connection:
        await connection.execute(delete(SESSIONS))

    with structlog.testing.capture_logs() as logs:
        answer = await service.refresh(tokens["refresh_token"])

    assert is_refused(answer)
    assert [entry["event"] for entry in logs] == ["session_unknown"]
    assert await rows(service) == await rows(service, REVOCATIONS) == []


@pytest.mark.parametrize("how", ["ended", "idle", "expired", "disabled"])
async def test_a_dead_session_is_refused_and_nothing_is_written(service: Service, how: str) -> None:
    older = await logged_in(service)
    previous = await rotated(service, older["refresh_token"])
    newest = await rotated(service, previous["refresh_token"], KEY)
    match how:
        case "ended":
            await alter(service, newest, ended_at=service.clock.now(), end_reason="ended_by_admin")
        case "idle":
            service.clock.advance(IDLE)
        case "expired":
            await alter(service, newest, expires_at=service.clock.now())
        case "disabled":
            await alter_user(service, "ada", is_active=False)
    before = await rows(service), await rows(service, REVOCATIONS)

    answers = [await service.refresh(tokens["refresh_token"], KEY) for tokens in (newest, previous, older)]

    assert all(is_refused(answer) for answer in answers)
    assert (await rows(service), await rows(service, REVOCATIONS)) == before


async def test_a_session_lives_until_the_moment_before_its_idle_end(service: Service) -> None:
    tokens = await logged_in(service)
    service.clock.advance(IDLE - SECOND)

    assert (await rotated(service, tokens["refresh_token"]))["refresh_expires_in"] == IDLE.total_seconds()


async def test_no_activity_carries_a_session_beyond_its_absolute_end(service: Service) -> None:
    tokens = await logged_in(service)
    ends = service.clock.now() + SESSION_LIFETIME

    while service.clock.now() + IDLE / 2 < ends:
        service.clock.advance(IDLE / 2)
        tokens = await rotated(service, tokens["refresh_token"])
    service.clock.advance(ends - service.clock.now() - 2 * MINUTE)
    last = await rotated(service, tokens["refresh_token"])

    assert last["refresh_expires_in"] == 120
    assert claims_of(last["access_token"]).expires_at <= ends
    service.clock.advance(2 * MINUTE)
    assert is_refused(await service.refresh(last["refresh_token"]))


async def test_the_first_reason_stays(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"])
    await service.client.post("/api/v1/auth/logout", headers=bearer(second["access_token"]))
    ended = await row(service, first)
    service.clock.advance(LEEWAY)

    await service.refresh(first["refresh_token"])
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": first["refresh_token"]})
    await service.services.activation.disable((await account(service, "ada")).id, actor_id=None, origin=LOCAL)

    assert ended["end_reason"] == "logout"
    assert await row(service, first) == ended


async def test_an_enabled_user_does_not_get_the_sessions_of_before_back(service: Service) -> None:
    tokens = await logged_in(service)
    user = await account(service, "ada")

    await service.services.activation.disable(user.id, actor_id=None, origin=LOCAL)
    await service.services.activation.enable(user.id, actor_id=None, origin=LOCAL)

    assert is_refused(await service.refresh(tokens["refresh_token"]))
    assert not await is_accepted(service, tokens["access_token"])


async def test_scopes_are_judged_anew_at_every_refresh(database_url: str, tmp_path: Path) -> None:
    tokens = {"role_scopes": {"editor": ["books:write"]}}
    async with running(settings_for_tests(database_url, tmp_path, tokens=tokens), StandingClock()) as service:
        await service.register()
        user, roles = (await account(service, "ada")).id, service.services.roles
        await roles.grant(user, "editor", actor_id=None, origin=LOCAL)
        wide, narrow = await service.login(), await service.login(scope="account")

        await roles.take(user, "editor", actor_id=None, origin=LOCAL)
        without = await rotated(service, wide["refresh_token"])
        await roles.grant(user, "editor", actor_id=None, origin=LOCAL)
        again = await rotated(service, without["refresh_token"])

        assert [pair["scope"] for pair in (wide, without, again)] == [
            "account books:write",
            "account",
            "account books:write",
        ]
        assert claims_of(without["access_token"]).scope == ("account",)
        assert (await rotated(service, narrow["refresh_token"]))["scope"] == "account"


async def test_a_refresh_keeps_when_and_how_the_user_logged_in(service: Service) -> None:
    first = await logged_in(service)
    service.clock.advance(MINUTE)

    second = await rotated(service, first["refresh_token"])

    before, after = claims_of(first["access_token"]), claims_of(second["access_token"])
    assert (after.auth_time, after.amr, after.session_id) == (before.auth_time, before.amr, session_of(first))
    assert after.issued_at == before.issued_at + MINUTE
