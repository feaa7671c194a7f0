"""While there is no key to sign with, nothing is written that a token would have told; and revoking brings the next."""

import asyncio

from sqlalchemy import text

from tests.support.service import Service


async def value(service: Service, query: str) -> int:
    async with service.services.database.statement() as db:
        return int((await db.execute(text(query))).scalar_one())


async def test_a_login_without_a_key_opens_no_session(service: Service) -> None:
    await service.register()
    for key in await service.services.keys.list_keys():
        service.services.keyring.drop(key.kid)

    answer = await service.client.post(
        "/api/v1/auth/login", json={"username": "ada", "password": "engine of differences"}
    )

    assert answer.status_code == 503
    assert await value(service, "SELECT count(*) FROM sessions") == 0


async def test_a_refresh_without_a_key_rotates_nothing(service: Service) -> None:
    await service.register()
    tokens = await service.login()
    for key in await service.services.keys.list_keys():
        service.services.keyring.drop(key.kid)

    answer = await service.refresh(tokens["refresh_token"])

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert await value(service, "SELECT generation FROM sessions") == 0


async def test_a_worker_that_hears_of_a_revoked_key_loads_what_signs_in_its_place(service: Service) -> None:
    """Also when two are revoked in a row: the replacement of the second is not in this worker's ring yet."""
    await service.register()
    keys, ring = service.services.keys, service.services.keyring
    for _ in range(3):
        active = ring.active(service.clock.now()).kid
        await keys.revoke(active)
        ring.drop(active)
        await asyncio.sleep(0)

    tokens = await service.login()

    assert (await service.me(tokens["access_token"])).status_code == 200
