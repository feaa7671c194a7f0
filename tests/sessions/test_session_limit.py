"""A user has at most so many live sessions: one more ends the one used longest ago."""

import asyncio
from pathlib import Path
from typing import Any

from tests.sessions.support import (
    MINUTE,
    StandingClock,
    fresh_connection,
    is_accepted,
    is_refused,
    live_count,
    rotated,
    row,
    rows,
    session_of,
    warm,
)
from tests.support.service import Service, running, settings_for_tests

LIMIT = 3


def limited(database_url: str, tmp_path: Path) -> Any:
    settings = settings_for_tests(
        database_url, tmp_path, sessions={"per_user": LIMIT}, passwords={"hash_queue": 100, "hash_concurrency": 4}
    )
    return running(settings, StandingClock())


async def logins(service: Service, how_many: int) -> list[dict[str, Any]]:
    pairs = []
    for _ in range(how_many):
        service.clock.advance(MINUTE)
        pairs.append(await service.login())
    return pairs


async def test_one_login_too_many_ends_the_least_recently_used(database_url: str, tmp_path: Path) -> None:
    async with limited(database_url, tmp_path) as service:
        await service.register()
        first, second, third = await logins(service, LIMIT)
        service.clock.advance(MINUTE)
        first_again = await rotated(service, first["refresh_token"])

        (fourth,) = await logins(service, 1)

        ended = await row(service, second)
        assert (ended["ended_at"], ended["end_reason"]) == (service.clock.now(), "limit")
        assert not await is_accepted(service, second["access_token"])
        assert is_refused(await service.refresh(second["refresh_token"]))
        for tokens in (first_again, third, fourth):
            assert await is_accepted(service, tokens["access_token"])
            await rotated(service, tokens["refresh_token"])


async def test_the_limit_is_each_users_own_and_dead_sessions_do_not_count(database_url: str, tmp_path: Path) -> None:
    async with limited(database_url, tmp_path) as service:
        await service.register()
        await service.register("bob")
        bobs = await service.login("bob")
        first, second, third = await logins(service, LIMIT)
        await service.client.post("/api/v1/auth/logout", json={"refresh_token": third["refresh_token"]})

        await logins(service, 1)

        for tokens in (first, second, bobs):
            assert await is_accepted(service, tokens["access_token"])
            await rotated(service, tokens["refresh_token"])


async def test_a_lowered_limit_ends_all_that_are_too_many(database_url: str, tmp_path: Path) -> None:
    async with running(settings_for_tests(database_url, tmp_path), StandingClock()) as before:
        await before.register()
        pairs = await logins(before, 6)
    async with limited(database_url, tmp_path) as service:
        service.clock.advance(10 * MINUTE)
        newest = await service.login()

        live = {found["id"] for found in await rows(service) if found["ended_at"] is None}

        assert live == {session_of(tokens) for tokens in (*pairs[-2:], newest)}


async def test_parallel_logins_never_leave_more_than_the_limit(database_url: str, tmp_path: Path) -> None:
    async with limited(database_url, tmp_path) as service, fresh_connection(service) as watching:
        await service.register()
        await warm(service)
        most, over = 0, asyncio.Event()

        async def watch() -> None:
            nonlocal most
            while not over.is_set():
                most = max(most, await live_count(watching))

        watcher = asyncio.create_task(watch())
        pairs = await asyncio.gather(*(service.login() for _ in range(20)))
        over.set()
        await watcher

        accepted = {session_of(pair) for pair in pairs if await is_accepted(service, pair["access_token"])}
        stored = await rows(service)
        assert 1 <= most <= LIMIT
        assert len(stored) == 20
        assert accepted == {found["id"] for found in stored if found["ended_at"] is None}
        assert len(accepted) == LIMIT
        assert {found["end_reason"] for found in stored if found["id"] not in accepted} == {"limit"}
