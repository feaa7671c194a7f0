"""`signet users` and `signet keys` act on the database; workers that run see it without a restart."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.processes.conftest import Pair, new_name
from tests.support.processes import PASSWORD, Server, environment, key_id, serving
from tests.support.service import bearer

pytestmark = pytest.mark.processes

BOUND = 1.0
"""Seconds: tokens-and-sessions, section 4."""


async def _within(seconds: float, holds: Callable[[], Awaitable[bool]]) -> bool:
    since = monotonic()
    while monotonic() - since < seconds:
        if await holds():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_users_are_made_with_a_generated_or_a_given_password(pair: Pair) -> None:
    plain, given, described, weak = (new_name() for _ in range(4))

    made = await asyncio.gather(
        pair.a.command("users", "create", plain),
        pair.a.command("users", "create", given, "--password-stdin", "--admin", given=f"{PASSWORD}\n"),
        pair.a.command("users", "create", described, "--email", f"{described}@example.org", "--json"),
        pair.a.command("users", "create", weak, "--password-stdin", given="password"),
        pair.a.command("users", "create", "root"),
    )
    generated = re.search(r"^Password \(shown once\): (\S{20,})$", made[0].out, re.MULTILINE)
    as_json = made[2].json
    listed = await pair.b.client.get("/api/v1/users", headers=bearer((await pair.b.login(given))["access_token"]))
    refused = await pair.b.client.get("/api/v1/users", headers=bearer((await pair.log_in())[1]["access_token"]))

    assert [done.code for done in made] == [0, 0, 0, 1, 1]
    assert generated is not None
    assert (await pair.b.try_login(plain, generated[1])).status_code == 200
    assert PASSWORD not in made[1].out
    assert (listed.status_code, refused.status_code) == (200, 403)
    assert (as_json["username"], as_json["email"], as_json["roles"]) == (described, f"{described}@example.org", [])
    assert (await pair.b.try_login(f"{described}@example.org", as_json["password"])).status_code == 200
    for done in made[3:]:
        assert done.out == ""
        assert done.err.startswith("signet: ")
        assert done.err.count("\n") == 1


async def test_keys_are_rotated_and_revoked_under_a_running_worker(database_url: str, tmp_path: Path) -> None:
    env = environment(database_url, tmp_path, KEYS__JWKS_MAX_AGE="1")
    async with serving(lambda: Server(env, tmp_path)) as (server,):

        async def published() -> list[dict[str, Any]]:
            keys: list[dict[str, Any]] = (await server.client.get("/.well-known/jwks.json")).json()["keys"]
            return keys

        async def refuses(session: dict[str, Any]) -> bool:
            return (await server.me(session["access_token"])).status_code == 401

        await server.register("ada")
        first = await server.login("ada")
        listed, exported, table = await asyncio.gather(
            server.command("keys", "list", "--json"),
            server.command("keys", "export-public"),
            server.command("keys", "list"),
        )
        assert [key["state"] for key in listed.json] == ["active", "next"]
        assert listed.json[0]["kid"] == key_id(first["access_token"])
        assert exported.json["keys"] == await published()
        assert all(key["kid"] in table.out for key in listed.json)

        at_once = (await server.command("keys", "rotate", "--now", "--json")).json
        coming = listed.json[1]["kid"]
        assert {key["kid"]: key["state"] for key in at_once}[coming] == "active"

        async def signs_with_the_coming_key() -> bool:
            return bool(key_id((await server.login("ada"))["access_token"]) == coming)

        assert await _within(5, signs_with_the_coming_key)
        second = await server.login("ada")
        assert not await refuses(first)
        assert not await refuses(second)

        await server.command("keys", "revoke", key_id(first["access_token"]))
        assert await _within(BOUND, lambda: refuses(first))
        assert not await refuses(second)
        assert key_id(first["access_token"]) not in {key["kid"] for key in await published()}

        revoked = (await server.command("keys", "revoke", coming, "--json")).json
        assert await _within(BOUND, lambda: refuses(second))
        third = await server.login("ada")
        assert key_id(third["access_token"]) in {key["kid"] for key in revoked if key["state"] == "active"}
        assert not await refuses(third)
        assert (await server.refresh(first["refresh_token"])).status_code == 200

        scheduled, unknown = await asyncio.gather(
            server.command("keys", "rotate", "--json"), server.command("keys", "revoke", "nonsense")
        )
        assert {"active", "next"} <= {key["state"] for key in scheduled.json}
        assert (unknown.code, unknown.out, unknown.err.count("\n")) == (1, "", 1)
