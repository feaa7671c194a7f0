import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.cli.conftest import Terminal
from tests.support.processes import Done
from tests.support.service import Service


async def tokens_of(service: Service) -> tuple[str, str]:
    await service.register()
    pair = await service.login()
    return pair["access_token"], pair["refresh_token"]


async def execute(service: Service, statement: str) -> None:
    async with service.services.database.transaction() as db:
        await db.execute(text(statement))


def verdict(done: Done) -> tuple[int, Any]:
    assert done.err == ""
    return done.code, json.loads(done.out)["reason"]


async def test_a_valid_access_token_is_shown_with_its_header_and_claims(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)

    found = (await signet("tokens", "inspect", access, "--json")).json

    assert (found["kind"], found["valid"], found["reason"]) == ("access_token", True, "valid")
    assert found["header"]["typ"] == "at+jwt"
    assert found["claims"]["preferred_username"] == "ada"


async def test_people_read_moments_in_words_and_a_verdict(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)

    shown = await signet("tokens", "inspect", "-", given=f"{access}\n")

    assert shown.code == 0
    assert "at+jwt" in shown.out
    assert "+00:00)" in next(line for line in shown.out.splitlines() if line.startswith("exp "))
    assert shown.out.splitlines()[-1].startswith("VALID (valid): it is accepted until ")


async def test_what_is_no_token_is_malformed_and_says_why(signet: Terminal) -> None:
    found = await signet("tokens", "inspect", "nonsense", "--json")

    assert verdict(found) == (1, "malformed")
    assert "not a compact token" in json.loads(found.out)["detail"]


async def test_a_malformed_token_is_shown_as_far_as_it_can_be_read(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode()

    found = await signet("tokens", "inspect", f"{header}.{access.split('.')[1]}.", "--json")

    assert verdict(found) == (1, "malformed")
    assert json.loads(found.out)["header"] == {"alg": "none"}
    assert json.loads(found.out)["claims"]["preferred_username"] == "ada"


async def test_nothing_in_a_token_reaches_the_terminal_as_a_command(signet: Terminal) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"sub\x1b[2J": "\x1b]0;owned\x07"}).encode()).decode()

    shown = await signet("tokens", "inspect", f"e30.{payload}.x")

    assert "owned" in shown.out
    assert "\x1b" not in shown.out


async def test_a_forged_signature_is_told(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)
    forged = f"{access.rpartition('.')[0]}.{'A' * 86}"

    assert verdict(await signet("tokens", "inspect", forged, "--json")) == (1, "signature")


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"TOKENS__AUDIENCE": "books"}, "another audience"), ({"TOKENS__ISSUER": "https://other.test"}, "another issuer")],
)
async def test_a_token_for_somebody_else_is_told(
    signet: Terminal, service: Service, setting: dict[str, str], said: str
) -> None:
    access, _ = await tokens_of(service)
    signet.set(**setting)

    found = await signet("tokens", "inspect", access, "--json")

    assert verdict(found) == (1, "not_for_us")
    assert said in json.loads(found.out)["detail"]


@pytest.mark.parametrize(
    ("ahead", "reason"), [(timedelta(hours=-1), "expired"), (timedelta(minutes=5), "not_yet_valid")]
)
async def test_a_token_of_another_time_is_told(
    signet: Terminal, service: Service, ahead: timedelta, reason: str
) -> None:
    await service.register()
    service.clock.advance(ahead)
    access = (await service.login())["access_token"]

    found = await signet("tokens", "inspect", access, "--json")

    assert verdict(found) == (1, reason)


async def test_an_expired_token_says_since_when(signet: Terminal, service: Service) -> None:
    await service.register()
    service.clock.advance(timedelta(hours=-1))
    access = (await service.login())["access_token"]

    shown = await signet("tokens", "inspect", access)

    assert shown.code == 1
    assert "NOT VALID (expired): it expired at 20" in shown.out


async def test_a_revoked_token_names_the_entry_that_refuses_it(signet: Terminal, service: Service) -> None:
    access, refresh = await tokens_of(service)
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": refresh})

    found = await signet("tokens", "inspect", access, "--json")

    assert verdict(found) == (1, "revoked")
    answer = json.loads(found.out)
    assert f"the session {answer['claims']['sid']} (logout, " in answer["detail"]


async def test_a_token_of_a_lower_epoch_names_its_user(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)
    await signet("users", "logout", "ada")

    found = await signet("tokens", "inspect", access, "--json")

    answer = json.loads(found.out)
    assert answer["reason"] == "revoked"
    assert f"the user {answer['claims']['sub']} (ended_by_admin, " in answer["detail"]


async def test_a_token_of_a_revoked_key_says_so(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)
    (active, _) = (await signet("keys", "list", "--json")).json
    await signet("keys", "revoke", active["kid"])

    found = await signet("tokens", "inspect", access, "--json")

    assert verdict(found) == (1, "unknown_key")
    assert "its key was revoked at" in json.loads(found.out)["detail"]


async def test_a_token_of_nobodys_key_says_so(signet: Terminal, service: Service) -> None:
    access, _ = await tokens_of(service)
    header = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"nobodys","typ":"at+jwt"}').rstrip(b"=").decode()

    found = await signet("tokens", "inspect", f"{header}.{access.partition('.')[2]}", "--json")

    assert verdict(found) == (1, "unknown_key")
    assert "none of this service's" in json.loads(found.out)["detail"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [("UPDATE users SET is_active = false", "user_disabled"), ("DELETE FROM users", "user_unknown")],
)
async def test_a_token_of_somebody_who_may_have_none_is_told(
    signet: Terminal, service: Service, statement: str, reason: str
) -> None:
    access, _ = await tokens_of(service)
    await execute(service, statement)

    assert verdict(await signet("tokens", "inspect", access, "--json")) == (1, reason)


async def test_the_newest_refresh_token_is_valid(signet: Terminal, service: Service) -> None:
    _, refresh = await tokens_of(service)

    found = (await signet("tokens", "inspect", refresh, "--json")).json

    assert (found["kind"], found["valid"]) == ("refresh_token", True)
    assert (found["claims"]["generation"], found["claims"]["newest_generation"]) == (0, 0)
    assert found["claims"]["username"] == "ada"


async def test_a_used_refresh_token_says_what_presenting_it_would_do_and_ends_nothing(
    signet: Terminal, service: Service
) -> None:
    _, first = await tokens_of(service)
    second = (await service.refresh(first)).json()["refresh_token"]
    third = (await service.refresh(second)).json()["refresh_token"]

    oldest = await signet("tokens", "inspect", first)
    older = await signet("tokens", "inspect", second)

    assert (oldest.code, older.code) == (1, 1)
    assert "generation 0 of a session that is at 2; presenting it again ends the session" in oldest.out
    assert "it gets the same successor again" in older.out
    assert (await service.refresh(third)).status_code == 200


async def test_a_refresh_token_of_an_ended_session_says_why_it_ended(signet: Terminal, service: Service) -> None:
    _, refresh = await tokens_of(service)
    await signet("users", "logout", "ada")

    found = await signet("tokens", "inspect", refresh, "--json")

    assert verdict(found) == (1, "session_ended")
    assert "(ended_by_admin)" in json.loads(found.out)["detail"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [("UPDATE users SET is_active = false", "user_disabled"), ("DELETE FROM sessions", "session_unknown")],
)
async def test_a_refresh_token_that_means_nothing_any_more_is_told(
    signet: Terminal, service: Service, statement: str, reason: str
) -> None:
    _, refresh = await tokens_of(service)
    await execute(service, statement)

    assert verdict(await signet("tokens", "inspect", refresh, "--json")) == (1, reason)


async def test_a_refresh_token_that_was_altered_is_not_genuine(signet: Terminal, service: Service) -> None:
    _, refresh = await tokens_of(service)
    altered = refresh[:-2] + ("AA" if refresh[-2:] != "AA" else "BB")

    assert verdict(await signet("tokens", "inspect", altered, "--json")) == (1, "not_genuine")
    assert verdict(await signet("tokens", "inspect", f"sgr_{uuid4()}", "--json")) == (1, "not_genuine")
