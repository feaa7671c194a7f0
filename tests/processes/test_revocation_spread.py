"""An acknowledged revocation: refused at once by the worker that took it, within a second by the other."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.processes.conftest import Pair
from tests.support.processes import PASSWORD
from tests.support.service import bearer

pytestmark = pytest.mark.processes

BOUND = 1.0
"""Seconds: tokens-and-sessions, section 4."""
_POLL = 0.02
_Act = Callable[[Pair, dict[str, Any], dict[str, Any]], Awaitable[httpx.Response]]


async def _log_out(pair: Pair, _user: dict[str, Any], session: dict[str, Any]) -> httpx.Response:
    return await pair.a.post("/api/v1/auth/logout", session["access_token"])


async def _log_out_by_refresh_token(pair: Pair, _user: dict[str, Any], session: dict[str, Any]) -> httpx.Response:
    return await pair.a.post("/api/v1/auth/logout", body={"refresh_token": session["refresh_token"]})


async def _log_out_everywhere(pair: Pair, _user: dict[str, Any], session: dict[str, Any]) -> httpx.Response:
    return await pair.a.post("/api/v1/auth/logout-all", session["access_token"])


async def _change_the_password_elsewhere(pair: Pair, user: dict[str, Any], _session: dict[str, Any]) -> httpx.Response:
    other = await pair.a.login(user["username"])
    body = {"current_password": PASSWORD, "new_password": "notes on the sketch"}
    return await pair.a.post("/api/v1/users/me/password", other["access_token"], body)


async def _disable(pair: Pair, user: dict[str, Any], _session: dict[str, Any]) -> httpx.Response:
    return await pair.a.post(f"/api/v1/users/{user['id']}/disable", await pair.administrator())


async def _disable_and_enable(pair: Pair, user: dict[str, Any], _session: dict[str, Any]) -> httpx.Response:
    """The row of the user says nothing any more: what was issued before is refused by its epoch alone."""
    administrator = await pair.administrator()
    await pair.a.post(f"/api/v1/users/{user['id']}/disable", administrator)
    return await pair.a.post(f"/api/v1/users/{user['id']}/enable", administrator)


async def _delete(pair: Pair, user: dict[str, Any], _session: dict[str, Any]) -> httpx.Response:
    headers = bearer(await pair.administrator())
    return await pair.a.client.delete(f"/api/v1/users/{user['id']}", headers=headers)


async def _take_a_role(pair: Pair, user: dict[str, Any], _session: dict[str, Any]) -> httpx.Response:
    headers, path = bearer(await pair.administrator()), f"/api/v1/users/{user['id']}/roles/editor"
    given = await pair.a.client.put(path, headers=headers)
    assert given.json()["roles"] == ["editor"]
    return await pair.a.client.delete(path, headers=headers)


_ACTS = {
    "logout": (_log_out, 204),
    "logout by refresh token": (_log_out_by_refresh_token, 204),
    "logout-all": (_log_out_everywhere, 204),
    "password change": (_change_the_password_elsewhere, 204),
    "disable": (_disable, 200),
    "disable and enable": (_disable_and_enable, 200),
    "delete": (_delete, 204),
    "role taken": (_take_a_role, 200),
}


async def _verdict(asked: Awaitable[httpx.Response]) -> str:
    answer = await asked
    return "accepted" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.parametrize("name", _ACTS)
async def test_what_one_worker_revoked_the_other_refuses_within_a_second(pair: Pair, name: str) -> None:
    act, status = _ACTS[name]
    user, session = await pair.log_in()
    token = session["access_token"]
    before = await _verdict(pair.a.me(token)), await _verdict(pair.b.me(token))

    acknowledged = await act(pair, user, session)
    since = monotonic()
    at_once = await _verdict(pair.a.me(token))
    while (elsewhere := await _verdict(pair.b.me(token))) == "accepted":
        assert monotonic() - since < BOUND
        await asyncio.sleep(_POLL)
    lag = monotonic() - since
    print(f"{name}: refused by the other worker after {lag * 1000:.0f} ms")  # noqa: T201  # shown by `pytest -s`

    assert before == ("accepted", "accepted")
    assert acknowledged.status_code == status
    assert at_once == elsewhere == "invalid_token"
    assert lag < BOUND
