"""What the service does by itself."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.domain.housekeeping import jobs
from app.domain.keys.lifecycle import State
from tests.support.service import Service


async def count(service: Service, table: str) -> int:
    async with service.services.database.statement() as db:
        return int((await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_sessions_are_deleted_a_day_after_their_end_and_not_before(service: Service) -> None:
    await service.register()
    await service.login()
    lifetime = service.services.settings.sessions.lifetime

    service.clock.advance(lifetime + timedelta(hours=23))
    await service.services.housekeeping.prune()
    kept = await count(service, "sessions")
    service.clock.advance(timedelta(hours=2))
    await service.services.housekeeping.prune()

    assert kept == 1
    assert await count(service, "sessions") == 0


async def test_more_sessions_than_one_batch_are_deleted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_BATCH", 2)
    await service.register()
    for _ in range(5):
        await service.login()

    service.clock.advance(timedelta(days=40))
    await service.services.housekeeping.prune()

    assert await count(service, "sessions") == 0


async def test_revocations_are_deleted_a_day_after_no_token_of_theirs_can_live(service: Service) -> None:
    await service.register()
    token = (await service.login())["access_token"]
    await service.client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
    written = await count(service, "revocations")

    service.clock.advance(timedelta(days=1, minutes=11))
    await service.services.housekeeping.prune()
    kept = await count(service, "revocations")
    service.clock.advance(timedelta(minutes=2))
    await service.services.housekeeping.prune()

    assert (written, kept) == (1, 1)
    assert await count(service, "revocations") == 0


async def test_gone_keys_are_deleted_after_a_month(service: Service) -> None:
    keys = service.services.keys
    await keys.rotate(now_=True)
    service.clock.advance(timedelta(days=1))
    gone = [key.kid for key in await keys.list_keys() if key.state is State.GONE]
    service.clock.advance(timedelta(days=31))
    await service.services.housekeeping.prune()

    assert len(gone) == 1
    assert gone[0] not in {key.kid for key in await keys.list_keys()}


async def test_a_next_key_is_made_when_its_turn_has_come(service: Service) -> None:
    keys = service.services.keys
    (_, awaited) = await keys.list_keys()

    service.clock.advance(timedelta(days=91))
    await keys.ensure()
    after = {key.kid: key.state for key in await keys.list_keys()}

    assert after[awaited.kid] is State.ACTIVE
    assert State.NEXT in after.values()


async def test_a_job_that_fails_is_tried_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_PRUNE_EVERY", timedelta(milliseconds=5))
    tried: list[int] = []
    twice = asyncio.Event()

    async def failing(*_arguments: Any) -> None:
        tried.append(1)
        if len(tried) > 1:
            twice.set()
        raise RuntimeError(f"failure {uuid4()}")

    housekeeping = service.services.housekeeping
    await housekeeping.stop()
    monkeypatch.setattr(type(housekeeping), "prune", failing)
    await housekeeping.start()

    await asyncio.wait_for(twice.wait(), 5)
