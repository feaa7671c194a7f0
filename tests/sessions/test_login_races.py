"""Log-ins beside password changes and beside each other: what was verified must still be true when it is claimed."""

import asyncio

import pytest

from app.crypto.passwords import PasswordHasher, Verdict
from tests.sessions.support import (
    MINUTE,
    NEW_PASSWORD,
    PASSWORD,
    REVOCATIONS,
    USERS,
    alter_user,
    is_accepted,
    rows,
    warm,
)
from tests.support.service import Service, bearer


class HeldHasher:
    """Verifies as the real one does, but holds the answers to the first `hold` callers back until told to go on."""

    def __init__(self, hasher: PasswordHasher, *, hold: int = 1) -> None:
        self._hasher = hasher
        self._to_hold = hold
        self._held = 0
        self._all_held = asyncio.Event()
        self._go = asyncio.Event()
        self.verified = 0

    async def verify(self, password: str, password_hash: str | None) -> Verdict:
        verdict = await self._hasher.verify(password, password_hash)
        self.verified += 1
        if self._held < self._to_hold:
            self._held += 1
            if self._held == self._to_hold:
                self._all_held.set()
            await self._go.wait()
        return verdict

    async def wait(self) -> None:
        await asyncio.wait_for(self._all_held.wait(), 10)

    def release(self) -> None:
        self._go.set()


def hold(monkeypatch: pytest.MonkeyPatch, service: Service, callers: int = 1) -> HeldHasher:
    """Put a held hasher at the edge, where passwords are checked."""
    held = HeldHasher(service.services.hasher, hold=callers)
    monkeypatch.setattr(service.services.login._proof, "_hasher", held)
    return held


async def give_an_old_hash(service: Service) -> str:
    """Store the password's hash with other parameters than the service's; it is upgraded at the next log-in."""
    other = PasswordHasher(memory_kib=128, time_cost=1, concurrency=1, queue=1, slots=None)
    old = await other.hash(PASSWORD)
    other.close()
    await alter_user(service, "ada", password_hash=old)
    return old


async def stored_hash(service: Service) -> str:
    (user,) = await rows(service, USERS)
    return str(user["password_hash"])


async def change_password(service: Service, access_token: str) -> None:
    answer = await service.client.post(
        "/api/v1/users/me/password",
        json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
        headers=bearer(access_token),
    )
    assert answer.status_code == 204


async def attempt(service: Service, password: str = PASSWORD) -> int:
    answer = await service.client.post("/api/v1/auth/login", json={"username": "ada", "password": password})
    return answer.status_code


@pytest.mark.parametrize("old_hash", [False, True], ids=["current hash", "hash to upgrade"])
async def test_a_login_that_verified_the_old_password_gets_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, *, old_hash: bool
) -> None:
    await service.register()
    mine = await service.login()
    if old_hash:
        await give_an_old_hash(service)
    held = hold(monkeypatch, service)

    late = asyncio.create_task(attempt(service))
    await held.wait()
    await change_password(service, mine["access_token"])
    changed = await stored_hash(service)
    held.release()

    assert await late == 401
    assert await stored_hash(service) == changed
    assert [found["ended_at"] for found in await rows(service)] == [None]
    assert await attempt(service, NEW_PASSWORD) == 200


async def test_a_login_of_a_user_who_is_disabled_meanwhile_gets_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    held = hold(monkeypatch, service)

    late = asyncio.create_task(attempt(service))
    await held.wait()
    await alter_user(service, "ada", is_active=False)
    held.release()

    assert await late == 401
    assert await rows(service) == []


async def test_logins_that_all_upgrade_an_old_hash_all_succeed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    old = await give_an_old_hash(service)
    held = hold(monkeypatch, service, callers=3)

    logins = [asyncio.create_task(attempt(service)) for _ in range(3)]
    await held.wait()
    held.release()

    assert await asyncio.gather(*logins) == [200] * 3
    assert held.verified == 5
    assert await stored_hash(service) != old
    assert await attempt(service) == 200


async def test_of_two_password_changes_with_one_password_one_counts(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    mine, other = await service.login(), await service.login()
    held = hold(monkeypatch, service)

    late = asyncio.create_task(
        service.client.post(
            "/api/v1/users/me/password",
            json={"current_password": PASSWORD, "new_password": "a third password of ours"},
            headers=bearer(other["access_token"]),
        )
    )
    await held.wait()
    await change_password(service, mine["access_token"])
    held.release()

    assert (await late).status_code == 403
    assert await attempt(service, NEW_PASSWORD) == 200
    assert not await is_accepted(service, other["access_token"])


async def test_a_session_that_ended_meanwhile_changes_no_password(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    mine = await service.login()
    before = await stored_hash(service)
    held = hold(monkeypatch, service)

    late = asyncio.create_task(
        service.client.post(
            "/api/v1/users/me/password",
            json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
            headers=bearer(mine["access_token"]),
        )
    )
    await held.wait()
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": mine["refresh_token"]})
    held.release()

    assert (await late).status_code == 401
    assert await stored_hash(service) == before


async def test_an_account_is_not_deleted_with_a_password_that_was_changed_meanwhile(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    mine, other = await service.login(), await service.login()
    held = hold(monkeypatch, service)

    late = asyncio.create_task(
        service.client.request(
            "DELETE",
            "/api/v1/users/me",
            json={"current_password": PASSWORD},
            headers=bearer(other["access_token"]),
        )
    )
    await held.wait()
    await change_password(service, mine["access_token"])
    held.release()

    assert (await late).status_code == 403
    assert len(await rows(service, USERS)) == 1


async def test_logging_out_again_and_again_writes_one_entry_a_minute(service: Service) -> None:
    await service.register()
    mine = await service.login()
    await warm(service)

    async def log_out() -> int:
        body = {"refresh_token": mine["refresh_token"]}
        return (await service.client.post("/api/v1/auth/logout", json=body)).status_code

    first = await log_out()
    again = await asyncio.gather(*(log_out() for _ in range(10)))
    within_the_minute = await rows(service, REVOCATIONS)
    service.clock.advance(MINUTE)
    await log_out()
    await log_out()

    assert {first, *again} == {204}
    assert [(found["kind"], found["reason"]) for found in within_the_minute] == [("session", "logout")]
    assert len(await rows(service, REVOCATIONS)) == 2
