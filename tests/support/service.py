"""A whole service in this process, with a clock that tests move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from app.application import create_application
from app.clock import SystemClock
from app.composition import Services, build_services
from app.domain.audit.origin import LOCAL
from app.settings import Settings, load_settings

SECRET = "kq3v0ZrJ8c5yX1uT7nB2wE9sLdGhM4aPfRiKoVjYzQxNtUbCmWlHg6Dp"
CHEAP = {"argon2_memory_kib": 64, "argon2_time_cost": 1}


class MovableClock(SystemClock):
    """The machine's clocks, moved forward (or back) by tests."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead  # the clock of the tests

    def advance(self, by: timedelta) -> None:
        """Let wall time jump."""
        self.ahead += by


def settings_for_tests(database_url: str, data_dir: Path, **groups: Any) -> Settings:
    """Settings for tests: hashes are cheap, nothing is read from the environment."""
    given: dict[str, Any] = {
        "environment": "test",
        "secret_key": SECRET,
        "data_dir": data_dir,
        "log": {"access": False},
        **groups,
    }
    given["database"] = {"url": database_url, "timeout": "10"} | given.get("database", {})
    given["passwords"] = CHEAP | given.get("passwords", {})
    return load_settings(**given)


class Service:
    """A started service and a client for it."""

    def __init__(self, app: ASGIApp, services: Services, clock: MovableClock) -> None:
        self.app = app
        self.services = services
        self.clock = clock
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://testserver"
        )

    async def register(
        self, username: str = "ada", password: str = "engine of differences", **more: Any
    ) -> dict[str, Any]:
        answer = await self.client.post(
            "/api/v1/auth/register", json={"username": username, "password": password, **more}
        )
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def login(
        self, username: str = "ada", password: str = "engine of differences", **more: Any
    ) -> dict[str, Any]:
        answer = await self.client.post("/api/v1/auth/login", json={"username": username, "password": password, **more})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def refresh(self, refresh_token: str, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.client.post("/api/v1/auth/refresh", json={"refresh_token": refresh_token}, headers=headers)

    async def me(self, access_token: str) -> httpx.Response:
        return await self.client.get("/api/v1/users/me", headers=bearer(access_token))

    async def administrator(self, username: str = "root") -> dict[str, Any]:
        """A new administrator's tokens."""
        await self.services.registration.create(
            username, "engine of differences", email=None, roles=("admin",), origin=LOCAL
        )
        return await self.login(username)


def bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


@asynccontextmanager
async def running(settings: Settings, clock: MovableClock | None = None) -> AsyncIterator[Service]:
    """A service, started and stopped; its lifespan runs on the loop of the test."""
    clock = clock or MovableClock()
    services = build_services(settings, clock)
    await services.start()
    service = Service(create_application(services), services, clock)
    try:
        yield service
    finally:
        await service.client.aclose()
        await services.stop()
