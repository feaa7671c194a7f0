"""The export of one's own data: complete, of one moment, and of nobody else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.database.base import Base
from tests.support.service import Service, bearer

SECRETS = {"users.password_hash", "sessions.retry_key"}
KEY = "an-idempotency-key-of-some-length"


async def export(service: Service, access_token: str) -> httpx.Response:
    return await service.client.get("/api/v1/users/me/export", headers=bearer(access_token))


async def rows_about(service: Service, ids: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Every row of every table that holds one of the ids in some column, with the table's name."""
    async with service.services.database.statement() as db:
        return [
            (table.name, dict(row))
            for table in Base.metadata.sorted_tables
            for row in (await db.execute(select(table))).mappings()
            if ids & {str(value) for value in row.values()}
        ]


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


async def somebody_with_a_history(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """A user of whom every table knows something, and the tokens of a session that lives."""
    user = await service.register(email="Ada@Example.org")
    administrator = bearer((await service.administrator())["access_token"])
    ended, left, kept = [await service.login() for _ in range(3)]
    await service.client.post("/api/v1/auth/logout", headers=bearer(ended["access_token"]))
    await service.client.post("/api/v1/auth/logout", json={"refresh_token": left["refresh_token"]})
    for method in ("PUT", "DELETE"):
        await service.client.request(method, f"/api/v1/users/{user['id']}/roles/editor", headers=administrator)
    await service.client.put(f"/api/v1/users/{user['id']}/roles/author", headers=administrator)
    kept = (await service.refresh(kept["refresh_token"], KEY)).json()
    return user, kept


async def test_every_column_of_every_row_about_me_is_in_my_export_but_for_what_it_names(service: Service) -> None:
    user, tokens = await somebody_with_a_history(service)

    answer = await export(service, tokens["access_token"])
    body = answer.json()
    ids = {user["id"], *(session["id"] for session in body["sessions"])}
    rows = await rows_about(service, ids)
    withheld = {entry["what"] for entry in body["withheld"]}
    shown = {"users": [body["user"]]} | {name: body[name] for name in ("sessions", "revocations")}

    assert answer.status_code == 200
    assert {name for name, _ in rows} == {"users", "sessions", "revocations"}
    assert len(rows) == 1 + 3 + 3
    for name, row in rows:
        expected = {column: as_json(value) for column, value in row.items() if f"{name}.{column}" not in withheld}
        expected.pop("user_id", None)
        assert expected in shown[name]
    assert sum(map(len, shown.values())) == len(rows)


async def test_what_is_withheld_is_secret_or_not_about_me_and_is_nowhere_in_the_text(service: Service) -> None:
    user, tokens = await somebody_with_a_history(service)

    answer = await export(service, tokens["access_token"])
    rows = await rows_about(service, {user["id"]})
    secrets = [row[column] for name, row in rows for column in row if f"{name}.{column}" in SECRETS and row[column]]

    assert {entry["what"] for entry in answer.json()["withheld"]} == SECRETS | {"revocations.seq", "revocations.xid"}
    assert all(entry["why"] for entry in answer.json()["withheld"])
    assert len(secrets) == 2
    assert not any((secret.hex() if isinstance(secret, bytes) else secret) in answer.text for secret in secrets)
    assert KEY not in answer.text


async def test_the_export_is_a_readable_file_that_is_not_cached(service: Service) -> None:
    await service.register()
    tokens = await service.login()

    answer = await export(service, tokens["access_token"])

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="signet-export.json"'
    assert answer.text == json.dumps(answer.json(), indent=2, ensure_ascii=False) + "\n"
    assert "password" in answer.json()["note"]


async def test_a_session_that_lapsed_is_told_as_ended_with_its_reason(service: Service) -> None:
    await service.register()
    lapsed = await service.login()
    service.clock.advance(timedelta(days=20))
    tokens = await service.login()

    sessions = (await export(service, tokens["access_token"])).json()["sessions"]

    assert lapsed["refresh_expires_in"] < timedelta(days=20).total_seconds()
    assert [session["end_reason"] for session in sessions] == ["idle", None]
    assert sessions[0]["ended_at"] == sessions[0]["idle_expires_at"]


async def test_nothing_of_anybody_else_is_in_it(service: Service) -> None:
    await service.register("bob", email="bob@example.org")
    theirs = await service.login("bob")
    await service.client.post("/api/v1/auth/logout", headers=bearer(theirs["access_token"]))
    await service.register()
    tokens = await service.login()

    body = (await export(service, tokens["access_token"])).json()

    assert "bob" not in json.dumps(body)
    assert (len(body["sessions"]), body["revocations"]) == (1, [])


async def test_the_export_shows_one_state_even_when_something_happens_meanwhile(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register()
    tokens = await service.login()
    users = service.services.own_data._users
    get_keys = users.get_keys

    async def while_logging_out(*given: Any) -> Any:
        answer = await service.client.post("/api/v1/auth/logout-all", headers=bearer(tokens["access_token"]))
        assert answer.status_code == 204
        return await get_keys(*given)

    monkeypatch.setattr(users, "get_keys", while_logging_out)

    body = (await export(service, tokens["access_token"])).json()

    assert [session["ended_at"] for session in body["sessions"]] == [None]
    assert body["revocations"] == []


async def test_a_user_who_may_have_no_tokens_any_more_gets_no_export(service: Service) -> None:
    await service.register()
    tokens = await service.login()
    async with service.services.database.transaction() as db:  # as seen before the revocation of it arrives
        await db.execute(Base.metadata.tables["users"].update().values(is_active=False))

    answer = await export(service, tokens["access_token"])
    nobody = await service.client.get("/api/v1/users/me/export")

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")


async def test_thousands_of_sessions_are_exported_with_what_revokes_them(service: Service) -> None:
    user = await service.register()
    tokens = await service.login()
    table, revocations = (Base.metadata.tables[name] for name in ("sessions", "revocations"))
    async with service.services.database.transaction() as db:
        row = dict((await db.execute(select(table))).mappings().one())
        many = [row | {"id": UUID(int=number), "ended_at": db.now, "end_reason": "logout"} for number in range(1, 2101)]
        await db.execute(table.insert(), many)
        entry = {"kind": "session", "reason": "logout", "created_at": db.now, "expires_at": db.now}
        await db.execute(revocations.insert(), [entry | {"subject": str(row["id"])} for row in reversed(many)])

    body = (await export(service, tokens["access_token"])).json()

    assert body["user"]["id"] == user["id"]
    assert len(body["sessions"]) == 2101
    assert [entry["subject"] for entry in body["revocations"]] == [str(row["id"]) for row in reversed(many)]
