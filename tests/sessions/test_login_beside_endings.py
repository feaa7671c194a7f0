"""Log-ins that meet a disabling, a deletion or a log-out everywhere: none is left over, none is half there."""

from typing import Any

import pytest

from app.domain.audit.origin import LOCAL
from app.domain.sessions.session import EndReason
from tests.sessions.races import ROUNDS, pairs_in, together
from tests.sessions.support import PASSWORD, account, is_accepted, is_refused, row, rows, warm
from tests.support.service import Service


async def attempt(service: Service) -> Any:
    return await service.client.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})


@ROUNDS
@pytest.mark.parametrize("how", ["disabled", "deleted"])
async def test_no_login_survives_that_met_the_end_of_its_user(service: Service, how: str, rounds: int) -> None:
    await warm(service)
    services = service.services
    for _ in range(rounds):
        await service.register()
        ending = services.activation.disable if how == "disabled" else services.closure.close
        user_id = (await account(service, "ada")).id

        answers = await together(
            attempt(service), ending(user_id, actor_id=None, origin=LOCAL), attempt(service), attempt(service)
        )

        for pair in pairs_in(*answers):
            assert not await is_accepted(service, pair["access_token"])
            assert is_refused(await service.refresh(pair["refresh_token"]))
        assert all(found["end_reason"] == "user_disabled" for found in await rows(service))
        if how == "disabled":
            await services.closure.close(user_id, actor_id=None, origin=LOCAL)


@ROUNDS
async def test_a_login_that_met_a_logout_everywhere_lives_whole_or_not_at_all(service: Service, rounds: int) -> None:
    await warm(service)
    await service.register()
    user = (await account(service, "ada")).id
    for _ in range(rounds):
        answers = await together(
            attempt(service),
            service.services.activation.sign_out_everywhere(user, EndReason.LOGOUT_ALL, actor_id=None, origin=LOCAL),
            attempt(service),
        )

        for pair in pairs_in(*answers):
            lives = (await row(service, pair))["ended_at"] is None
            assert await is_accepted(service, pair["access_token"]) == lives
            assert (await service.refresh(pair["refresh_token"])).status_code == (200 if lives else 401)
