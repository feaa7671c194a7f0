"""Refreshing through HTTP: the normal case, retries, the key of a rotation, and catching up after a failover."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.domain.audit.origin import LOCAL
from tests.sessions.support import (
    IDLE,
    KEY,
    LEEWAY,
    LIFETIME,
    MINUTE,
    OTHER_KEY,
    SECOND,
    SESSIONS,
    StandingClock,
    account,
    alter,
    fresh_connection,
    genuine,
    is_accepted,
    is_refused,
    rotated,
    row,
)
from tests.support.service import Service, running, settings_for_tests
from tests.tokens.support import claims_of


async def logged_in(service: Service) -> dict[str, Any]:
    await service.register()
    return await service.login()


def expiry(tokens: dict[str, Any]) -> datetime:
    return claims_of(tokens["access_token"]).expires_at


async def test_a_refresh_moves_the_session_by_one_generation(service: Service) -> None:
    first = await logged_in(service)
    service.clock.advance(5 * MINUTE)
    now = service.clock.now()

    second = await rotated(service, first["refresh_token"])

    stored = await row(service, first)
    assert genuine(second["refresh_token"]).session_id == genuine(first["refresh_token"]).session_id == stored["id"]
    assert (genuine(first["refresh_token"]).generation, genuine(second["refresh_token"]).generation) == (0, 1)
    assert (stored["generation"], stored["rotated_at"], stored["last_used_at"]) == (1, now, now)
    assert stored["idle_expires_at"] == now + IDLE
    assert stored["access_expires_at"] == now + LIFETIME
    assert second["refresh_expires_in"] == IDLE.total_seconds()
    assert await is_accepted(service, second["access_token"])


async def test_what_a_refresh_wrote_is_read_back_by_another_connection(service: Service) -> None:
    first = await logged_in(service)
    for _ in range(3):
        service.clock.advance(MINUTE)
        first = await rotated(service, first["refresh_token"])

    async with fresh_connection(service) as connection:
        stored = (await connection.execute(select(SESSIONS.c.generation, SESSIONS.c.rotated_at))).one()

    assert tuple(stored) == (3, service.clock.now())


async def test_a_retry_within_the_leeway_gets_the_same_successor_and_the_row_stays(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"])
    before = await row(service, first)
    service.clock.advance(30 * SECOND)

    retries = [await rotated(service, first["refresh_token"]) for _ in range(3)]

    assert {retry["refresh_token"] for retry in retries} == {second["refresh_token"]}
    assert len({retry["access_token"] for retry in retries} | {second["access_token"]}) == 4
    assert await row(service, first) == before
    assert all(expiry(retry) <= before["access_expires_at"] for retry in retries)
    assert all([await is_accepted(service, retry["access_token"]) for retry in retries])


async def test_the_successor_of_a_retry_refreshes(service: Service) -> None:
    first = await logged_in(service)
    await rotated(service, first["refresh_token"])
    retry = await rotated(service, first["refresh_token"])

    third = await rotated(service, retry["refresh_token"])

    assert genuine(third["refresh_token"]).generation == 2


async def test_the_window_does_not_slide(service: Service) -> None:
    first = await logged_in(service)
    await rotated(service, first["refresh_token"])
    service.clock.advance(LEEWAY - SECOND)
    await rotated(service, first["refresh_token"])
    service.clock.advance(SECOND)

    assert is_refused(await service.refresh(first["refresh_token"]))
    assert (await row(service, first))["end_reason"] == "refresh_token_reused"


async def test_a_retry_by_a_worker_whose_clock_is_behind_is_a_retry(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"])
    service.clock.advance(-3 * MINUTE)

    assert (await rotated(service, first["refresh_token"]))["refresh_token"] == second["refresh_token"]


async def test_a_leeway_of_zero_makes_every_second_use_a_reuse(database_url: str, tmp_path: Path) -> None:
    settings = settings_for_tests(database_url, tmp_path, sessions={"refresh_leeway": 0})
    async with running(settings, StandingClock()) as service:
        first = await logged_in(service)
        await rotated(service, first["refresh_token"])

        assert is_refused(await service.refresh(first["refresh_token"]))
        assert (await row(service, first))["end_reason"] == "refresh_token_reused"


async def test_a_retry_with_the_key_of_the_rotation_works_much_later(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(IDLE - SECOND)

    retry = await rotated(service, first["refresh_token"], KEY)

    assert retry["refresh_token"] == second["refresh_token"]
    assert await is_accepted(service, retry["access_token"])
    assert (await row(service, first))["generation"] == 1


async def test_a_keyed_retry_raises_an_access_expiry_that_is_too_near_and_only_then(service: Service) -> None:
    first = await logged_in(service)
    await rotated(service, first["refresh_token"], KEY)
    rotation = await row(service, first)

    service.clock.advance(LIFETIME / 2)
    near = await rotated(service, first["refresh_token"], KEY)
    untouched = await row(service, first)
    service.clock.advance(SECOND)
    raised = await rotated(service, first["refresh_token"], KEY)
    after = await row(service, first)

    assert untouched == rotation
    assert expiry(near) <= rotation["access_expires_at"]
    assert after == rotation | {"access_expires_at": service.clock.now() + LIFETIME}
    assert rotation["access_expires_at"] < expiry(raised) <= after["access_expires_at"]


async def test_a_keyed_retry_is_over_when_its_successor_was_used(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"], KEY)
    await rotated(service, second["refresh_token"], OTHER_KEY)

    assert is_refused(await service.refresh(first["refresh_token"], KEY))
    assert (await row(service, first))["end_reason"] == "refresh_token_reused"


async def test_another_key_does_not_make_a_late_replay_a_retry(service: Service) -> None:
    first = await logged_in(service)
    await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(LEEWAY)

    assert is_refused(await service.refresh(first["refresh_token"], OTHER_KEY))
    assert (await row(service, first))["end_reason"] == "refresh_token_reused"


async def test_a_constant_key_does_not_hide_a_replay(service: Service) -> None:
    first = await logged_in(service)
    second = await rotated(service, first["refresh_token"], KEY)
    third = await rotated(service, second["refresh_token"], KEY)
    service.clock.advance(LEEWAY)

    assert is_refused(await service.refresh(second["refresh_token"], KEY))
    assert is_refused(await service.refresh(third["refresh_token"], KEY))
    assert (await row(service, first))["end_reason"] == "refresh_token_reused"


async def test_a_key_that_changes_counts_again(service: Service) -> None:
    tokens = [await logged_in(service)]
    for key in (KEY, KEY, OTHER_KEY):
        tokens.append(await rotated(service, tokens[-1]["refresh_token"], key))
    service.clock.advance(LEEWAY)

    retry = await rotated(service, tokens[-2]["refresh_token"], OTHER_KEY)

    assert retry["refresh_token"] == tokens[-1]["refresh_token"]


async def test_a_row_that_a_failover_threw_back_catches_up(service: Service) -> None:
    tokens = [await logged_in(service)]
    for _ in range(3):
        tokens.append(await rotated(service, tokens[-1]["refresh_token"]))
    await alter(service, tokens[0], generation=1)

    caught_up = await rotated(service, tokens[3]["refresh_token"])

    assert genuine(caught_up["refresh_token"]).generation == 4
    assert (await row(service, tokens[0]))["generation"] == 4
    assert is_refused(await service.refresh(tokens[1]["refresh_token"]))
    assert (await row(service, tokens[0]))["end_reason"] == "refresh_token_reused"


async def test_each_session_gets_the_roles_and_the_name_of_its_own_user(service: Service) -> None:
    sessions = {}
    for name, role in (("ada", "editor"), ("bob", "reader"), ("eve", "writer")):
        await service.register(name)
        await service.services.roles.grant((await account(service, name)).id, role, actor_id=None, origin=LOCAL)
        sessions[name, role] = await service.login(name)

    for (name, role), tokens in sessions.items():
        claims = claims_of((await rotated(service, tokens["refresh_token"]))["access_token"])
        assert (claims.username, claims.roles) == (name, (role,))
        assert claims.subject == (await account(service, name)).id
