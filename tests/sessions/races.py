"""How tests let things happen at once: from a warm pool, with small random offsets, over many rounds."""

import asyncio
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import httpx
import pytest

from tests.sessions.support import is_accepted, is_refused, rows, session_of
from tests.support.service import Service

ROUNDS = pytest.mark.parametrize("rounds", [3, pytest.param(150, marks=pytest.mark.long)])
"""A few in the quick suite, many at length."""
_MOST_OFFSET = 4_000
"""Microseconds."""


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """The results of calls that begin within a few milliseconds of each other, in a random order."""

    async def after_a_moment(call: Awaitable[Any]) -> Any:
        await asyncio.sleep(secrets.randbelow(_MOST_OFFSET) / 1_000_000)
        return await call

    return await asyncio.gather(*(after_a_moment(call) for call in calls))


def pairs_in(*answers: object) -> list[dict[str, Any]]:
    """The token pairs among answers."""
    return [answer.json() for answer in answers if isinstance(answer, httpx.Response) and answer.status_code == 200]


async def assert_nothing_lives(service: Service, pairs: Sequence[dict[str, Any]], *, reason: str | None) -> None:
    """Every access token of a session is refused, and every refresh token, the newest first; why, its row says.

    `reason` None: the row is gone.
    """
    sessions = {session_of(pair) for pair in pairs}
    stored = [found for found in await rows(service) if found["id"] in sessions]
    assert {found["end_reason"] for found in stored} == ({reason} if reason else set())
    for pair in reversed(pairs):
        assert not await is_accepted(service, pair["access_token"])
        assert is_refused(await service.refresh(pair["refresh_token"]))
