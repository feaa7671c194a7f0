"""Two workers that share nothing but the database behave as one service."""

import asyncio
from pathlib import Path

import pytest

from tests.processes.conftest import Pair, new_name
from tests.support.processes import Server, environment, generation, serving, tokens

pytestmark = pytest.mark.processes


async def test_a_user_of_one_worker_logs_in_and_refreshes_on_either(pair: Pair) -> None:
    user = await pair.a.register(new_name())

    current = await pair.b.login(user["username"])
    generations = []
    for turn in range(6):
        current = tokens(await (pair.a, pair.b)[turn % 2].refresh(current["refresh_token"]))
        generations.append(generation(current["refresh_token"]))

    assert generations == [1, 2, 3, 4, 5, 6]
    assert (await pair.a.me(current["access_token"])).json()["id"] == user["id"]
    assert (await pair.b.me(current["access_token"])).json()["id"] == user["id"]


async def test_sixty_four_refreshes_of_one_token_over_two_workers_get_one_successor(pair: Pair) -> None:
    _, first = await pair.log_in()
    await asyncio.gather(*(server.me(first["access_token"]) for server in (pair.a, pair.b) for _ in range(10)))

    answers = await asyncio.gather(*((pair.a, pair.b)[n % 2].refresh(first["refresh_token"]) for n in range(64)))

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert {generation(successor) for successor in successors} == {1}
    assert len(successors) == 1
    assert generation(tokens(await pair.b.refresh(successors.pop()))["refresh_token"]) == 2


async def test_a_used_token_replayed_on_the_other_worker_ends_the_session_for_both(pair: Pair) -> None:
    _, first = await pair.log_in()
    second = tokens(await pair.a.refresh(first["refresh_token"]))
    third = tokens(await pair.a.refresh(second["refresh_token"]))

    replayed = await pair.b.refresh(first["refresh_token"])

    assert replayed.status_code == 401
    assert replayed.json()["code"] == "invalid_refresh_token"
    assert (await pair.b.me(third["access_token"])).status_code == 401
    assert (await pair.a.refresh(third["refresh_token"])).status_code == 401
    assert (await pair.b.refresh(third["refresh_token"])).status_code == 401


async def test_one_server_of_two_workers_is_one_service(database_url: str, tmp_path: Path) -> None:
    env = environment(database_url, tmp_path)
    async with serving(lambda: Server(env, tmp_path, workers=2)) as (server,):
        await server.register("ada")
        first = await server.login("ada")

        answers = await asyncio.gather(*(server.refresh(first["refresh_token"]) for _ in range(64)))
        newest = tokens(answers[0])
        logged_out = await server.post("/api/v1/auth/logout", newest["access_token"])
        await asyncio.sleep(1)
        refused = await asyncio.gather(*(server.me(newest["access_token"]) for _ in range(40)))
        dead = await asyncio.gather(*(server.refresh(newest["refresh_token"]) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert logged_out.status_code == 204
    assert {answer.status_code for answer in refused} == {401}
    assert {answer.status_code for answer in dead} == {401}
