"""A service that is stopped and started anew on the same database knows what it knew before."""

from pathlib import Path

import pytest

from app.composition import build_services
from app.domain.keys.errors import KeysSealedError
from tests.sessions.support import (
    KEY,
    LEEWAY,
    SECOND,
    StandingClock,
    is_accepted,
    is_refused,
    rotated,
    row,
    session_of,
)
from tests.support.service import SECRET, bearer, running, settings_for_tests

NEW_SECRET = "Zt8RbQ2mWv6YxJ4nKpL0sHdGfC3aEiUo7ThBqNyVzXwMrSjIk1Ol5DuP"


async def test_sessions_go_on_and_used_tokens_are_judged_as_before(database_url: str, tmp_path: Path) -> None:
    settings, clock = settings_for_tests(database_url, tmp_path), StandingClock()
    async with running(settings, clock) as before:
        await before.register()
        first, other = await before.login(), await before.login()
        second = await rotated(before, first["refresh_token"])
        third = await rotated(before, second["refresh_token"], KEY)

    async with running(settings, clock) as after:
        assert await is_accepted(after, third["access_token"])
        clock.advance(LEEWAY - SECOND)
        assert (await rotated(after, second["refresh_token"]))["refresh_token"] == third["refresh_token"]
        clock.advance(SECOND)
        assert (await rotated(after, second["refresh_token"], KEY))["refresh_token"] == third["refresh_token"]
        assert is_refused(await after.refresh(first["refresh_token"]))

        assert (await row(after, first))["end_reason"] == "refresh_token_reused"
        assert is_refused(await after.refresh(third["refresh_token"]))
        assert not await is_accepted(after, third["access_token"])
        await rotated(after, other["refresh_token"])


async def test_a_restart_within_the_same_instant_hides_no_replay(database_url: str, tmp_path: Path) -> None:
    settings, clock = settings_for_tests(database_url, tmp_path), StandingClock()
    async with running(settings, clock) as before:
        await before.register()
        first = await before.login()
        second = await rotated(before, first["refresh_token"])
        await rotated(before, second["refresh_token"])

    async with running(settings, clock) as after:
        assert is_refused(await after.refresh(first["refresh_token"]))
        assert (await row(after, first))["end_reason"] == "refresh_token_reused"


async def test_what_was_revoked_is_refused_after_a_restart(database_url: str, tmp_path: Path) -> None:
    settings, clock = settings_for_tests(database_url, tmp_path), StandingClock()
    async with running(settings, clock) as before:
        await before.register()
        await before.register("bob")
        out, stays = await before.login(), await before.login()
        everywhere = [await before.login("bob"), await before.login("bob")]
        await before.client.post("/api/v1/auth/logout", headers=bearer(out["access_token"]))
        await before.client.post("/api/v1/auth/logout-all", headers=bearer(everywhere[0]["access_token"]))

    async with running(settings, clock) as after:
        for pair in (out, *everywhere):
            assert (await after.me(pair["access_token"])).json()["code"] == "invalid_token"
            assert is_refused(await after.refresh(pair["refresh_token"]))
        assert (await after.me(stays["access_token"])).status_code == 200
        await rotated(after, stays["refresh_token"])


async def test_a_rotated_secret_keeps_every_token_and_reseals_the_keys(database_url: str, tmp_path: Path) -> None:
    clock = StandingClock()
    old, both, new = (
        settings_for_tests(database_url, tmp_path, **secrets)
        for secrets in (
            {"secret_key": SECRET},
            {"secret_key": NEW_SECRET, "previous_secret_keys": [SECRET]},
            {"secret_key": NEW_SECRET},
        )
    )
    async with running(old, clock) as service:
        await service.register()
        kept, left_behind = await service.login(), await service.login()

    async with running(both, clock) as service:
        assert await is_accepted(service, kept["access_token"])
        renewed = await rotated(service, kept["refresh_token"])
        assert (await rotated(service, kept["refresh_token"]))["refresh_token"] == renewed["refresh_token"]

    async with running(new, clock) as service:
        assert await is_accepted(service, kept["access_token"])
        again = await rotated(service, renewed["refresh_token"])
        assert session_of(again) == session_of(kept)
        assert is_refused(await service.refresh(left_behind["refresh_token"]))
        assert (await row(service, left_behind))["ended_at"] is None


async def test_without_the_secret_of_its_keys_the_service_does_not_start(database_url: str, tmp_path: Path) -> None:
    async with running(settings_for_tests(database_url, tmp_path), StandingClock()) as service:
        await service.register()
        tokens = await service.login()
    services = build_services(settings_for_tests(database_url, tmp_path, secret_key=NEW_SECRET), StandingClock())

    with pytest.raises(KeysSealedError) as refusal:
        await services.start()
    await services.stop()

    sentence = str(refusal.value)
    assert "SIGNET_SECRET_KEY" in sentence
    assert "SIGNET_PREVIOUS_SECRET_KEYS" in sentence
    assert "\n" not in sentence
    assert SECRET not in sentence
    assert NEW_SECRET not in sentence
    async with running(settings_for_tests(database_url, tmp_path), StandingClock()) as service:
        assert await is_accepted(service, tokens["access_token"])
