"""A worker dies in the middle of rotations, as by a power cut: whoever retries elsewhere gets on, and nothing forks."""

import asyncio
import secrets

import httpx
import pytest

from tests.processes.conftest import Pair, new_name
from tests.support.processes import Server, environment, generation, serving, tokens

pytestmark = pytest.mark.processes

_ROUNDS = 3
_SESSIONS = 24
_random = secrets.SystemRandom()


class _Client:
    """Holds one session, refreshes it on `server` for ever, and keeps the newest token it was answered."""

    def __init__(self, refresh_token: str) -> None:
        self.refresh_token = refresh_token
        self.rotations = 0
        self.cut_off = False

    async def refresh_until_it_breaks(self, server: Server) -> None:
        while True:
            try:
                answer = await server.refresh(self.refresh_token)
            except httpx.TransportError:
                self.cut_off = True
                return
            self.refresh_token = tokens(answer)["refresh_token"]
            self.rotations += 1

    async def retry_on(self, server: Server) -> None:
        """The same token again, twice: the second must get what the first got, and that must work."""
        first, second = await asyncio.gather(server.refresh(self.refresh_token), server.refresh(self.refresh_token))
        successor = tokens(first)["refresh_token"]
        assert tokens(second)["refresh_token"] == successor
        assert generation(successor) == generation(self.refresh_token) + 1
        self.refresh_token = tokens(await server.refresh(successor))["refresh_token"]
        assert generation(self.refresh_token) == generation(successor) + 1


async def test_a_worker_killed_in_mid_rotation_costs_no_session(pair: Pair) -> None:
    env = environment(pair.url, pair.folder)
    user = await pair.a.register(new_name())
    clients = [_Client((await pair.a.login(user["username"]))["refresh_token"]) for _ in range(_SESSIONS)]
    victims = [lambda: Server(env, pair.folder)] * _ROUNDS
    async with serving(*victims) as started:
        for victim in started:
            running = [asyncio.create_task(client.refresh_until_it_breaks(victim)) for client in clients]
            await asyncio.sleep(_random.uniform(0.15, 0.5))
            victim.kill()
            await asyncio.gather(*running)
            await asyncio.gather(*(client.retry_on(pair.b) for client in clients))

    assert all(client.cut_off for client in clients)
    assert sum(client.rotations for client in clients) > _SESSIONS
    me = await pair.b.me((await pair.b.login(user["username"]))["access_token"])
    assert me.status_code == 200
