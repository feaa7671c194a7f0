"""Everything secret carries a mark or is written down; afterwards it is looked for where it must not be."""

import base64
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncpg
import httpx
import pytest
from sqlalchemy.engine import make_url

from app.crypto import jwk
from tests.observability.test_logging import configured
from tests.support.service import SECRET, Service, bearer, running, settings_for_tests

MARK = "q7Zmark9"
PASSWORD, WRONG, NEXT = (f"{MARK} {words}" for words in ("engine of differences", "but wrong", "analytical engine"))
KEY = f"{MARK}-idempotency-key-0001"
FORGED = f"sgr_{MARK}{'A' * 40}"
V1 = "/api/v1"


@dataclass
class Run:
    """Asks as a client does, and keeps every refusal and every secret that was handed out."""

    service: Service
    refusals: list[httpx.Response] = field(default_factory=list)
    handed_out: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = await self.service.client.request(method, V1 + path, **request)
        if answer.status_code >= 400:
            self.refusals.append(answer)
        elif "access_token" in answer.text:
            self.handed_out += [answer.json()["access_token"], answer.json()["refresh_token"]]
        return answer

    async def login(self, password: str = PASSWORD) -> dict[str, Any]:
        answer = await self.ask("POST", "/auth/login", json={"username": "ada", "password": password})
        tokens: dict[str, Any] = answer.json()
        return tokens


async def walk(run: Run) -> None:
    """What people do when all goes well, and with secrets that are wrong."""
    person = {"username": "ada", "password": PASSWORD}
    await run.ask("POST", "/auth/register", json={**person, "email": "ada@example.org"})
    await run.ask("POST", "/auth/register", json=person)
    await run.ask("POST", "/auth/login", auth=("ada", PASSWORD))
    await run.ask("POST", "/auth/login", auth=("ada", WRONG))
    for username in ("ada", "nobody"):
        await run.ask("POST", "/auth/login", json={"username": username, "password": WRONG})
    await run.ask("POST", "/auth/token", data={"grant_type": "password", **person})
    await run.ask("POST", "/auth/token", data={"grant_type": "password", "username": "ada", "password": WRONG})
    tokens = await run.login()
    for presented in (tokens["refresh_token"], tokens["refresh_token"], FORGED):
        await run.ask("POST", "/auth/refresh", json={"refresh_token": presented}, headers={"Idempotency-Key": KEY})
    await run.ask("POST", "/auth/refresh", json={"refresh_token": FORGED}, headers={"Idempotency-Key": f"{MARK} short"})
    own = bearer(tokens["access_token"])
    for header in (own, bearer(f"{tokens['access_token']}{MARK}"), bearer(f"{MARK}.{MARK}.{MARK}")):
        await run.ask("GET", "/users/me", headers=header)
    await run.ask("GET", "/users/me", params={"access_token": tokens["access_token"]})
    for current, new in ((WRONG, NEXT), (PASSWORD, MARK * 200), (PASSWORD, NEXT)):
        body = {"current_password": current, "new_password": new}
        await run.ask("POST", "/users/me/password", json=body, headers=own)
    await run.ask("DELETE", "/users/me", json={"current_password": WRONG}, headers=own)
    await run.ask("GET", "/users/me/export", headers=own)
    await run.ask("POST", "/auth/logout", json={"refresh_token": tokens["refresh_token"]})
    await run.login(NEXT)


async def malform(run: Run) -> None:
    """Bodies that cannot be read, or hold secrets where none belong."""
    for route in ("/auth/register", "/auth/login", "/auth/refresh", "/auth/logout", "/auth/token"):
        for body in (
            {"username": [PASSWORD], "password": [PASSWORD]},
            {"username": "ada", "password": {"is": PASSWORD}, "refresh_token": [FORGED]},
            {"username": PASSWORD, "password": "short", "scope": PASSWORD + "é", "other": PASSWORD},
            {"password": PASSWORD * 300, "refresh_token": FORGED * 300},
            PASSWORD,
        ):
            await run.ask("POST", route, json=body)
        for text in (f'{{"password": "{PASSWORD}"', f'{{"password": "{PASSWORD}", "password": 1}}', PASSWORD):
            await run.ask("POST", route, content=text, headers={"Content-Type": "application/json"})
        await run.ask("POST", route, content=f"password={PASSWORD}&password={PASSWORD}&grant_type=password")
        await run.ask("POST", route, data={"grant_type": ["password"], "username": "ada", "password": [PASSWORD, "b"]})


async def break_down(run: Run, patch: pytest.MonkeyPatch) -> None:
    """Defects of ours, whose exceptions say all they know."""

    async def broken(*given: Any, **named: Any) -> Any:
        try:
            int(str(given))
        except ValueError as cause:
            message = f"{given} {named}"
            raise RuntimeError(message) from cause

    tokens = await run.login(NEXT)
    services = run.service.services
    for part, name in ((services.hasher, "verify"), (services.hasher, "hash"), (services.sessions, "refresh")):
        patch.setattr(part, name, broken)
    statuses = [
        (await run.ask("POST", path, json=body, headers={"Idempotency-Key": KEY})).status_code
        for path, body in (
            ("/auth/register", {"username": "eve", "password": PASSWORD}),
            ("/auth/login", {"username": "ada", "password": PASSWORD}),
            ("/auth/refresh", {"refresh_token": tokens["refresh_token"]}),
        )
    ]
    assert statuses == [500, 500, 500]


async def dump(database_url: str) -> tuple[bytes, int]:
    """Every value of every table, read without any of our code, and how many rows there were."""
    rows: list[Any] = []
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        file = sqlite3.connect(str(url.database))
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows += file.execute(f'SELECT * FROM "{table}"').fetchall()
        file.close()
    else:
        connection = await asyncpg.connect(database_url)
        for (table,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            rows += await connection.fetch(f'SELECT * FROM "{table}"')
        await connection.close()
    cells = [cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in tuple(row)]
    return b"\n".join(cells), len(rows)


def private_parts(service: Service) -> list[bytes]:
    """The signing key as it could be written: as it is stored before it is sealed, and its number alone."""
    key = service.services.keyring.active(service.clock.now()).signing_key
    number = key.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]  # ES256
    return [jwk.to_bytes(key), number]


def spellings(secret: bytes) -> set[bytes]:
    """The secret as it is, and as programs write bytes."""
    encoded = {base64.b64encode(secret), base64.urlsafe_b64encode(secret), secret.hex().encode()}
    return {secret, *(text.rstrip(b"=") for text in encoded)}


def token_parts(token: str) -> set[bytes]:
    """What only its owner may know: the signature of an access token, the whole of a refresh token and its bytes."""
    if token.startswith("sgr_"):
        text = token.removeprefix("sgr_")
        return {text.encode(), base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))}
    return {token.rpartition(".")[2].encode()}


@pytest.mark.parametrize("style", ["json", "console"])
async def test_nothing_secret_is_logged_told_or_stored(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    style: Literal["json", "console"],
) -> None:
    settings = settings_for_tests(database_url, tmp_path, secret_key=MARK + SECRET, log={"access": True})
    with configured("debug", style):
        async with running(settings) as service:
            run = Run(service)
            await walk(run)
            await malform(run)
            await break_down(run, monkeypatch)
            keys = private_parts(service)
            stored, rows = await dump(database_url)
    captured = capsys.readouterr()
    logs = (captured.out + captured.err).encode()
    told = b"\n".join(answer.content + str(answer.headers).encode() for answer in run.refusals)

    assert logs.count(b"unhandled error") == 3
    assert logs.count(b"RuntimeError") >= 3
    assert b"login_wrong_password" in logs
    assert {answer.status_code for answer in run.refusals} >= {400, 401, 403, 409, 415, 422, 500}
    assert rows > 5
    assert b"ada@example.org" in stored
    assert len(run.handed_out) >= 10
    marked = {part for secret in (MARK.encode(), *keys) for part in spellings(secret)}
    marked |= {base64.b64encode(f"ada:{password}".encode()) for password in (PASSWORD, WRONG)}
    marked |= {part for token in run.handed_out for part in token_parts(token)}
    for place, text in {"logs": logs, "refusals": told, "database": stored}.items():
        assert [part for part in marked if part in text] == [], place
    assert b"argon2" not in logs + told
