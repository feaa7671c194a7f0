"""PostgreSQL goes away and comes back: what goes on, what says 503, and that all of it heals without a restart.

Access tokens are verified from memory meanwhile. No JSON route asks for claims alone, so over HTTP this shows in the
refusal of a revoked token (401 while memory may be trusted, then 503); that good tokens are accepted as well is asked
of the verifier of a service in this process, which follows the same database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from app.clock import SystemClock
from app.composition import Services, build_services
from app.errors import UnavailableError
from tests.support.postgres import PostgresServer
from tests.support.processes import ISSUER, Server, assert_unavailable, environment, serving, signet, tokens
from tests.support.service import settings_for_tests

pytestmark = pytest.mark.processes

MAX_STALENESS = 5.0
_TIMEOUT = 2.0
_SLACK = 1.5
"""Seconds for a busy machine, on top of what is promised."""


@dataclass(frozen=True)
class _Scene:
    postgres: PostgresServer
    a: Server
    b: Server
    here: Services


@asynccontextmanager
async def _scene(folder: Path) -> AsyncIterator[_Scene]:
    postgres = PostgresServer()
    try:
        await postgres.start()
        await postgres.execute("CREATE DATABASE signet")
        url = postgres.url("signet")
        env = environment(url, folder, DATABASE__TIMEOUT=str(_TIMEOUT))
        assert (await signet("migrate", env=env, folder=folder)).code == 0
        settings = settings_for_tests(url, folder, tokens={"issuer": ISSUER}, database={"timeout": str(_TIMEOUT)})
        here = build_services(settings, SystemClock())
        async with serving(lambda: Server(env, folder), lambda: Server(env, folder)) as (a, b):
            await here.start()
            try:
                yield _Scene(postgres, a, b, here)
            finally:
                await here.stop()
    finally:
        postgres.remove()


async def _accepted_here(scene: _Scene, token: str) -> bool:
    try:
        await scene.here.verifier.verify(token)
    except UnavailableError:
        return False
    return True


async def _assert_bounded_refusal(asked: Any) -> None:
    began = monotonic()
    answer: httpx.Response = await asked
    assert_unavailable(answer)
    assert monotonic() - began < _TIMEOUT + _SLACK


async def _assert_what_needs_no_database_goes_on(server: Server) -> None:
    assert (await server.client.get("/livez")).status_code == 200
    jwks = await server.client.get("/.well-known/jwks.json")
    assert jwks.status_code == 200
    assert len(jwks.json()["keys"]) >= 2


async def _assert_not_ready(server: Server, *parts: str) -> None:
    answer = await server.client.get("/readyz")
    assert_unavailable(answer)
    failing = {name for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert failing.issuperset(parts)


async def _log_out_as_soon_as_possible(server: Server, token: str) -> httpx.Response:
    for _ in range(500):
        answer = await server.post("/api/v1/auth/logout", token)
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError("the database is back, and the service does not see it")


async def test_a_lost_database_is_survived_and_healed_from(tmp_path: Path) -> None:
    async with _scene(tmp_path) as scene:
        a, b = scene.a, scene.b
        await a.register("ada")
        good, revoked, doomed = [await a.login("ada") for _ in range(3)]
        await a.post("/api/v1/auth/logout", revoked["access_token"])
        await asyncio.sleep(1)
        assert (await b.me(good["access_token"])).status_code == 200
        assert (await b.me(revoked["access_token"])).status_code == 401
        assert await _accepted_here(scene, good["access_token"])

        await asyncio.to_thread(scene.postgres.stop)
        lost = monotonic()

        # While memory may be trusted: verification goes on, what needs the database says so.
        assert await _accepted_here(scene, good["access_token"])
        assert (await b.me(revoked["access_token"])).json()["code"] == "invalid_token"
        await asyncio.gather(
            _assert_bounded_refusal(b.me(good["access_token"])),
            _assert_bounded_refusal(b.try_login("ada")),
            _assert_bounded_refusal(b.refresh(good["refresh_token"])),
            _assert_bounded_refusal(a.post("/api/v1/auth/logout", doomed["access_token"])),
        )
        await _assert_what_needs_no_database_goes_on(b)
        await _assert_not_ready(b, "database")
        assert monotonic() - lost < MAX_STALENESS - 1, "the machine was too slow for this to mean anything"
        await asyncio.sleep(lost + MAX_STALENESS - 1.2 - monotonic())
        assert await _accepted_here(scene, good["access_token"])
        assert (await b.me(revoked["access_token"])).status_code == 401

        # Afterwards: nobody can tell who is revoked, so nobody is let in.
        await asyncio.sleep(lost + MAX_STALENESS + 0.5 - monotonic())
        assert not await _accepted_here(scene, good["access_token"])
        for server in (a, b):
            assert_unavailable(await server.me(good["access_token"]))
            assert_unavailable(await server.me(revoked["access_token"]))
        assert monotonic() - lost < MAX_STALENESS + 2 + _SLACK
        for server in (a, b):
            await _assert_what_needs_no_database_goes_on(server)
            await _assert_not_ready(server, "database", "revocations")
        await _assert_bounded_refusal(b.refresh(good["refresh_token"]))

        # Back again: the first who can revokes, and the other worker learns it before it accepts anything.
        await scene.postgres.start()
        logged_out = await _log_out_as_soon_as_possible(a, doomed["access_token"])
        acknowledged = monotonic()
        assert logged_out.status_code == 204
        while (answer := await b.me(doomed["access_token"])).status_code != 401:
            assert answer.status_code == 503 or monotonic() - acknowledged < 1
            assert monotonic() - acknowledged < 10
            await asyncio.sleep(0.02)
        await asyncio.gather(a.ready(), b.ready())
        for server in (a, b):
            assert (await server.me(good["access_token"])).status_code == 200
            assert (await server.me(revoked["access_token"])).status_code == 401
            assert (await server.me(doomed["access_token"])).status_code == 401
            assert (await server.try_login("ada")).status_code == 200
        assert await _accepted_here(scene, good["access_token"])
        assert tokens(await b.refresh(good["refresh_token"]))["refresh_token"] != good["refresh_token"]
        assert not a.ended
        assert not b.ended
