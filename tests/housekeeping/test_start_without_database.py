"""A worker that starts while the database is away is not ready, says so, and heals by itself."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.composition import open_database
from app.database import schema
from app.domain.housekeeping import jobs
from tests.support.postgres import PostgresServer
from tests.support.service import MovableClock, running, settings_for_tests


async def ready(client: httpx.AsyncClient) -> httpx.Response:
    """The first answer that says so, or the last after a while."""
    answer = await client.get("/readyz")
    for _ in range(200):
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.1)
        answer = await client.get("/readyz")
    return answer


async def test_it_starts_is_not_ready_and_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_RETRY_AFTER", timedelta(milliseconds=100))
    postgres = PostgresServer()
    try:
        await postgres.start()
        await postgres.execute("CREATE DATABASE signet")
        settings = settings_for_tests(postgres.url("signet"), tmp_path, keys={"jwks_max_age": "1"})
        migrations = open_database(settings, MovableClock(), for_migrations=True)
        await schema.upgrade(migrations.engine)
        await migrations.dispose()
        postgres.stop()

        async with running(settings) as service:
            alive = await service.client.get("/livez")
            away = await service.client.get("/readyz")
            login = await service.client.post("/api/v1/auth/login", json={"username": "ada", "password": "x" * 12})
            await postgres.start()
            healed = await ready(service.client)
            await service.register()
            me = await service.me((await service.login())["access_token"])

        assert alive.status_code == 200
        assert away.status_code == 503
        assert not away.json()["checks"]["database"]["ok"]
        assert not away.json()["checks"]["keys"]["ok"]
        assert login.status_code == 503
        assert healed.status_code == 200
        assert me.status_code == 200
    finally:
        postgres.remove()
