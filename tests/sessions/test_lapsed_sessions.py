"""Sessions that were left idle: whatever ends the others of the user settles them too, for good."""

from typing import Any

import pytest

from app.domain.audit.origin import LOCAL
from app.domain.sessions.session import EndReason
from tests.sessions.support import (
    IDLE,
    KEY,
    NEW_PASSWORD,
    PASSWORD,
    SECOND,
    SESSION_LIFETIME,
    is_accepted,
    is_refused,
    rotated,
    row,
    session_of,
)
from tests.support.service import Service, bearer
from tests.tokens.support import claims_of


async def change_password(service: Service, pair: dict[str, Any]) -> None:
    answer = await service.client.post(
        "/api/v1/users/me/password",
        json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        headers=bearer(pair["access_token"]),
    )
    assert answer.status_code == 204


async def end_as_owner(service: Service, pair: dict[str, Any], ended: dict[str, Any]) -> None:
    path = f"/api/v1/users/me/sessions/{session_of(ended)}"
    assert (await service.client.delete(path, headers=bearer(pair["access_token"]))).status_code == 204


async def test_a_password_change_refuses_the_access_token_of_a_session_that_lapsed_just_now(service: Service) -> None:
    await service.register()
    first = await service.login()
    await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(IDLE - SECOND)
    late = await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(SECOND)
    mine = await service.login()

    await change_password(service, mine)

    assert not await is_accepted(service, late["access_token"])
    assert await is_accepted(service, mine["access_token"])


async def test_ending_a_session_that_lapsed_just_now_refuses_its_access_token(service: Service) -> None:
    await service.register()
    first = await service.login()
    await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(IDLE - SECOND)
    late = await rotated(service, first["refresh_token"], KEY)
    service.clock.advance(SECOND)

    await end_as_owner(service, await service.login(), first)

    assert not await is_accepted(service, late["access_token"])


@pytest.mark.parametrize("ending", ["password", "logout_all", "owner", "disable"])
async def test_a_worker_whose_clock_is_behind_wakes_no_session_that_lapsed_before_an_ending(
    service: Service, ending: str
) -> None:
    await service.register()
    left_idle = await service.login()
    service.clock.advance(IDLE)
    lapsed_at = service.clock.now()
    mine = await service.login()
    user = claims_of(mine["access_token"]).subject

    match ending:
        case "password":
            await change_password(service, mine)
        case "logout_all":
            await service.services.activation.sign_out_everywhere(
                user, EndReason.LOGOUT_ALL, actor_id=None, origin=LOCAL
            )
        case "owner":
            await end_as_owner(service, mine, left_idle)
        case "disable":
            await service.services.activation.disable(user, actor_id=None, origin=LOCAL)
            await service.services.activation.enable(user, actor_id=None, origin=LOCAL)
    service.clock.advance(-5 * SECOND)

    assert is_refused(await service.refresh(left_idle["refresh_token"]))
    stored = await row(service, left_idle)
    assert (stored["generation"], stored["ended_at"], stored["end_reason"]) == (0, lapsed_at, "idle")


async def test_a_session_past_its_absolute_end_is_settled_as_expired(service: Service) -> None:
    await service.register()
    tokens = first = await service.login()
    ends = (await row(service, first))["expires_at"]
    for _ in range(2):
        service.clock.advance(SESSION_LIFETIME / 3)
        tokens = await rotated(service, tokens["refresh_token"])
    service.clock.advance(ends - service.clock.now() + SECOND)

    await end_as_owner(service, await service.login(), first)

    stored = await row(service, first)
    assert (stored["ended_at"], stored["end_reason"]) == (ends, "expired")
