"""More log-ins than the machine can hash: what finds no place is told to come back, and everything else goes on."""

import asyncio
from pathlib import Path

import pytest

from tests.support.processes import Server, assert_unavailable, environment, serving

pytestmark = pytest.mark.processes


async def test_a_storm_of_logins_is_shed_while_tokens_are_verified(database_url: str, tmp_path: Path) -> None:
    costly = {"ARGON2_MEMORY_KIB": "19456", "ARGON2_TIME_COST": "16", "HASH_CONCURRENCY": "1", "HASH_QUEUE": "2"}
    env = environment(database_url, tmp_path, **{f"PASSWORDS__{name}": value for name, value in costly.items()})
    async with serving(lambda: Server(env, tmp_path)) as (server,):
        await server.register("ada")
        session = await server.login("ada")

        storm = [asyncio.create_task(server.try_login("ada")) for _ in range(24)]
        await asyncio.wait(storm, return_when=asyncio.FIRST_COMPLETED)
        me = await server.me(session["access_token"])
        refreshed = await server.refresh(session["refresh_token"])
        during = not all(login.done() for login in storm)
        answers = await asyncio.gather(*storm)
        afterwards = await server.try_login("ada")

    accepted = [answer for answer in answers if answer.status_code == 200]
    shed = [answer for answer in answers if answer.status_code != 200]
    assert during
    assert me.status_code == refreshed.status_code == 200
    assert len(accepted) >= 3
    assert len(shed) >= 12
    for answer in shed:
        assert_unavailable(answer)
        assert answer.json()["code"] == "overloaded"
    assert afterwards.status_code == 200
