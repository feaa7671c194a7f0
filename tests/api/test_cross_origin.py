"""Cross-origin calls are for the configured origins alone."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.support import assert_problem
from tests.support.service import Service, running, settings_for_tests

OURS = "https://app.example.org"
FOREIGN = ["https://evil.example", "https://app.example.org.evil.example", "http://app.example.org", "null", "*"]


@pytest.fixture(scope="module")
async def for_browsers(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service that browsers may call from one origin."""
    folder = tmp_path_factory.mktemp("cors")
    shutil.copy(sqlite_template, folder / "signet.db")
    settings = settings_for_tests(f"sqlite:///{folder / 'signet.db'}", folder, server={"cors_origins": [OURS]})
    async with running(settings) as started:
        yield started


async def preflight(service: Service, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    return await service.client.options("/api/v1/users/me", headers=headers)


async def test_a_configured_origin_may_call(for_browsers: Service) -> None:
    answer = await preflight(for_browsers, OURS)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_configured_origin_may_read_answers_and_refusals(for_browsers: Service) -> None:
    for path in ("/livez", "/api/v1/users/me", "/nowhere"):
        answer = await for_browsers.client.get(path, headers={"Origin": OURS})
        assert answer.headers["access-control-allow-origin"] == OURS
        assert "origin" in answer.headers["vary"].lower()
        assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize("origin", FOREIGN)
async def test_no_other_origin_may(for_browsers: Service, origin: str) -> None:
    answers = [
        await preflight(for_browsers, origin),
        await for_browsers.client.get("/api/v1/users/me", headers={"Origin": origin}),
    ]

    assert answers[0].status_code == 400
    assert not any("access-control-allow-origin" in answer.headers for answer in answers)


@pytest.mark.parametrize("origin", [OURS, *FOREIGN])
async def test_without_the_setting_no_origin_may(door: Service, origin: str) -> None:
    answers = [
        await preflight(door, origin),
        await door.client.get("/api/v1/users/me", headers={"Origin": origin}),
    ]

    assert_problem(answers[0], 405, "method_not_allowed")
    assert not any(name.startswith("access-control-") for answer in answers for name in answer.headers)
