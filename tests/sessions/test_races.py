"""Many refreshes at once, and refreshes beside whatever takes a session away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from app.domain.audit.origin import LOCAL
from app.domain.sessions.session import EndReason
from tests.sessions.races import ROUNDS, assert_nothing_lives, pairs_in, together
from tests.sessions.support import (
    KEY,
    LEEWAY,
    NEW_PASSWORD,
    PASSWORD,
    account,
    genuine,
    is_accepted,
    is_refused,
    rotated,
    row,
    session_of,
    warm,
)
from tests.support.service import Service, bearer
from tests.tokens.support import claims_of

Pair = dict[str, Any]


async def post(service: Service, path: str, pair: Pair, **body: Any) -> None:
    answer = await service.client.post(path, headers=bearer(pair["access_token"]), json=body or None)
    assert answer.status_code == 204, answer.text


async def logout(service: Service, mine: Pair, _other: Pair) -> None:
    await post(service, "/api/v1/auth/logout", mine)


async def logout_all(service: Service, mine: Pair, _other: Pair) -> None:
    await post(service, "/api/v1/auth/logout-all", mine)


async def end_from_another_device(service: Service, mine: Pair, other: Pair) -> None:
    path = f"/api/v1/users/me/sessions/{session_of(mine)}"
    answer = await service.client.delete(path, headers=bearer(other["access_token"]))
    assert answer.status_code == 204


async def change_password(service: Service, _mine: Pair, other: Pair) -> None:
    await post(service, "/api/v1/users/me/password", other, current_password=PASSWORD, new_password=NEW_PASSWORD)
    assert await is_accepted(service, other["access_token"])
    await rotated(service, other["refresh_token"])


async def disable(service: Service, mine: Pair, _other: Pair) -> None:
    await service.services.activation.disable(user_of(mine), actor_id=None, origin=LOCAL)


async def delete(service: Service, mine: Pair, _other: Pair) -> None:
    await service.services.closure.close(user_of(mine), actor_id=None, origin=LOCAL)


async def end_as_administrator(service: Service, mine: Pair, _other: Pair) -> None:
    await service.services.activation.sign_out_everywhere(
        user_of(mine), EndReason.ENDED_BY_ADMIN, actor_id=None, origin=LOCAL
    )


def user_of(pair: Pair) -> UUID:
    return claims_of(pair["access_token"]).subject


async def keep_refreshing(service: Service, pair: Pair) -> list[Pair]:
    """Everything that one refresh after the other brings, until one is refused."""
    seen = [pair]
    while (answer := await service.refresh(seen[-1]["refresh_token"])).status_code == 200:
        seen.append(answer.json())
    assert is_refused(answer)
    return seen


ENDINGS: dict[str | None, Callable[[Service, Pair, Pair], Awaitable[None]]] = {
    "logout": logout,
    "logout_all": logout_all,
    "ended_by_user": end_from_another_device,
    "password_changed": change_password,
    "user_disabled": disable,
    "ended_by_admin": end_as_administrator,
    None: delete,
}


async def test_of_many_refreshes_with_one_token_all_get_the_one_successor(service: Service) -> None:
    await service.register()
    first = await service.login()
    await warm(service)

    answers = await asyncio.gather(*(service.refresh(first["refresh_token"]) for _ in range(64)))

    assert [answer.status_code for answer in answers] == [200] * 64
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert (await row(service, first))["generation"] == 1
    assert all([await is_accepted(service, answer.json()["access_token"]) for answer in answers])


@ROUNDS
async def test_many_callers_walk_through_the_generations_together(service: Service, rounds: int) -> None:
    await service.register()
    pair = first = await service.login()
    await warm(service)

    for generation in range(1, rounds + 1):
        answers = await together(*(service.refresh(pair["refresh_token"], KEY) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        (successor,) = {answer.json()["refresh_token"] for answer in answers}
        assert genuine(successor).generation == generation == (await row(service, first))["generation"]
        pair = answers[0].json()


@ROUNDS
@pytest.mark.parametrize("reason", ENDINGS, ids=str)
async def test_nothing_survives_an_ending_that_met_refreshes(service: Service, reason: str | None, rounds: int) -> None:
    await warm(service)
    for _ in range(rounds):
        await service.register()
        mine, other = await service.login(), await service.login()

        seen, _ = await together(keep_refreshing(service, mine), ENDINGS[reason](service, mine, other))

        await assert_nothing_lives(service, seen, reason=reason)
        if reason is not None:
            await delete(service, mine, other)


@ROUNDS
async def test_nothing_survives_a_replay_that_met_a_refresh(service: Service, rounds: int) -> None:
    await service.register()
    await warm(service)
    for _ in range(rounds):
        first = await service.login()
        second = await rotated(service, first["refresh_token"])
        third = await rotated(service, second["refresh_token"])

        replay, *others = await together(
            service.refresh(first["refresh_token"]),
            service.refresh(third["refresh_token"]),
            service.refresh(third["refresh_token"]),
        )

        assert is_refused(replay)
        await assert_nothing_lives(service, [first, second, third, *pairs_in(*others)], reason="refresh_token_reused")


@ROUNDS
async def test_a_password_change_keeps_the_session_that_asked_while_it_refreshes(service: Service, rounds: int) -> None:
    await service.register()
    await warm(service)
    passwords = [PASSWORD, NEW_PASSWORD]
    for _ in range(rounds):
        current, new = passwords
        mine = await service.login(password=current)
        change = service.client.post(
            "/api/v1/users/me/password",
            json={"current_password": current, "new_password": new},
            headers=bearer(mine["access_token"]),
        )

        refreshed, changed = await together(service.refresh(mine["refresh_token"]), change)

        assert (refreshed.status_code, changed.status_code) == (200, 204)
        assert await is_accepted(service, refreshed.json()["access_token"])
        await rotated(service, refreshed.json()["refresh_token"])
        passwords.reverse()


@ROUNDS
async def test_a_token_with_a_role_that_was_taken_is_refused(service: Service, rounds: int) -> None:
    await service.register()
    user, roles = (await account(service, "ada")).id, service.services.roles
    await warm(service)
    for _ in range(rounds):
        await roles.grant(user, "editor", actor_id=None, origin=LOCAL)
        first = await service.login()

        answers = await together(
            service.refresh(first["refresh_token"]),
            roles.take(user, "editor", actor_id=None, origin=LOCAL),
            service.refresh(first["refresh_token"]),
        )

        for pair in (first, *pairs_in(*answers)):
            await assert_no_editor(service, pair)
        service.clock.advance(LEEWAY / 2)
        after = await rotated(service, first["refresh_token"])
        assert await is_accepted(service, after["access_token"])
        await assert_no_editor(service, after)


async def assert_no_editor(service: Service, pair: Pair) -> None:
    if await is_accepted(service, pair["access_token"]):
        claims = await service.services.verifier.verify(pair["access_token"])
        assert claims.roles == ()
