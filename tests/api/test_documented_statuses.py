"""Every route is driven into every status: what it answers is documented, and what is documented is answered.

Left out is what is refused before any route is reached: another path or method, and a body where none is read.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.crypto.passwords import HasherOverloadedError
from app.database.engine import DatabaseUnavailableError
from tests.api.support import PASSWORD, Person, administrator, basic, fresh_name, person
from tests.support.service import Service, bearer, running, settings_for_tests

Ask = dict[str, Any]
V1 = "/api/v1"
WRONG = "not the engine of differences"
NOBODYS = "6b3c5d0e-7c1f-4e0a-9a35-0d6a2f1b8c11"
JSON = {"Content-Type": "application/json"}
HASHING = {"register", "login", "token", "change_my_email", "change_my_password", "delete_me"}
PAGED = {"list_users", "list_my_sessions", "list_user_sessions"}
BODIES: list[Ask] = [
    {"content": b"{", "headers": JSON},
    {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    {"content": b'{"unknown": 1}', "headers": JSON},
    {"content": b'"' + b"a" * 65_536 + b'"', "headers": JSON},
]
"""Bodies that no route takes."""


class Walk:
    """Asks by operation id, and remembers what came back."""

    def __init__(self, service: Service, document: dict[str, Any]) -> None:
        self.service = service
        self.operations: dict[str, tuple[str, str, dict[str, Any]]] = {
            operation["operationId"]: (method, path, operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self.seen: set[tuple[str, int, str | None]] = set()

    @property
    def documented(self) -> set[tuple[str, int, str | None]]:
        """Operation, status and media type, each that the document names."""
        return {
            (name, int(status), media_type)
            for name, (_, _, operation) in self.operations.items()
            for status, answer in operation["responses"].items()
            for media_type in answer.get("content", {None: {}})
        }

    async def ask(self, name: str, request: Ask, **changed: Any) -> httpx.Response:
        """Send the request, with these of its parts replaced."""
        method, path, _ = self.operations[name]
        parts = {**request, **changed}
        url = path.format(**parts.pop("places", {}))
        answer = await self.service.client.request(method, url, **parts)
        media_type = answer.headers.get("content-type", "").partition(";")[0] or None
        assert (media_type is None) == (answer.content == b"")
        self.seen.add((name, answer.status_code, media_type))
        return answer


async def good_requests(service: Service, root: Person) -> dict[str, Ask]:
    """One request that is granted for each operation; a person's own end with the first that ends their session."""
    user, other = await person(service), await person(service)
    await user.login()
    sessions = (await user.ask("GET", "/users/me/sessions")).json()["items"]
    spare = next(session["id"] for session in sessions if not session["current"])
    own: Ask = {"headers": bearer(user.access_token)}
    over: Ask = {"headers": bearer(root.access_token), "places": {"user_id": other.id, "role": "editor"}}
    credentials = {"username": user.username, "password": PASSWORD}
    current = {"current_password": PASSWORD}
    return {
        "register": {"json": {"username": fresh_name(), "password": PASSWORD}},
        "login": {"json": credentials},
        "token": {"data": {"grant_type": "password", **credentials}},
        "refresh": {"json": {"refresh_token": other.tokens["refresh_token"]}},
        "logout": own,
        "logout_all": own,
        "get_me": own,
        "change_my_email": {**own, "json": {"email": f"{user.username}@example.org", **current}},
        "change_my_password": {**own, "json": {**current, "new_password": WRONG}},
        "delete_me": {**own, "json": current},
        "export_me": own,
        "list_my_sessions": own,
        "end_my_session": {**own, "places": {"session_id": spare}},
        **dict.fromkeys(("list_users", "get_user", "list_user_sessions", "list_keys"), over),
        **dict.fromkeys(("delete_user", "disable_user", "enable_user", "logout_user", "grant_role", "take_role"), over),
        "change_user": {**over, "json": {"username": fresh_name()}},
        "rotate_keys": {**over, "json": {"now": False}},
        "jwks": {},
        "livez": {},
        "readyz": {},
    }


async def grant_all(walk: Walk, root: Person) -> dict[str, int]:
    """Ask everything, each with people of its own; how each was answered."""
    return {
        name: (await walk.ask(name, (await good_requests(walk.service, root))[name])).status_code
        for name in walk.operations
    }


async def refuse_all(walk: Walk, root: Person) -> None:
    """Ask everything without a right, about nobody, and with what cannot be read."""
    stranger = await person(walk.service)
    requests = await good_requests(walk.service, root)
    for name, request in requests.items():
        _, _, operation = walk.operations[name]
        if "headers" in request:
            places = request.get("places", {})
            await walk.ask(name, {"places": places})
            for token in ("forged", stranger.access_token):
                await walk.ask(name, {"places": dict.fromkeys(places, NOBODYS), "headers": bearer(token)})
            await walk.ask(name, request, places=dict.fromkeys(places, NOBODYS))
            stranger = await person(walk.service)
        if "requestBody" in operation:
            headers = bearer(root.access_token) if "headers" in request else {}
            for body in BODIES:
                await walk.ask(name, {**body, "headers": headers | body["headers"]}, places=request.get("places", {}))
        if name in PAGED:
            for query in ({"cursor": "forged"}, {"limit": "0"}):
                await walk.ask(name, {**request, "headers": bearer(root.access_token)}, params=query)


async def contradict(walk: Walk, root: Person) -> None:
    """What each route refuses for reasons of its own."""
    user = await person(walk.service, email=f"{fresh_name()}@example.org")
    taken = (await user.me()).json()
    me: Ask = {"headers": bearer((await person(walk.service)).access_token)}
    over: Ask = {"headers": bearer(root.access_token), "places": {"user_id": user.id}}
    itself: Ask = {"headers": bearer(root.access_token), "places": {"user_id": root.id, "role": "admin"}}
    cases: list[tuple[str, Ask, int]] = [
        ("register", {"json": {"username": user.username, "password": PASSWORD}}, 409),
        ("login", {"json": {"username": user.username, "password": WRONG}}, 401),
        ("token", {"data": {"grant_type": "password", "username": user.username, "password": WRONG}}, 400),
        ("token", {"data": {"grant_type": "password"}, "headers": basic("client", "secret")}, 401),
        ("refresh", {"json": {"refresh_token": "sgr_forged"}}, 401),
        ("change_my_email", {**me, "json": {"email": None, "current_password": WRONG}}, 403),
        ("change_my_email", {**me, "json": {"email": taken["email"], "current_password": PASSWORD}}, 409),
        ("change_my_password", {**me, "json": {"current_password": WRONG, "new_password": PASSWORD}}, 403),
        ("delete_me", {**me, "json": {"current_password": WRONG}}, 403),
        ("delete_me", {"headers": itself["headers"], "json": {"current_password": PASSWORD}}, 409),
        ("change_user", {**itself, "json": {"username": user.username}}, 409),
        *((name, itself, 409) for name in ("delete_user", "disable_user", "take_role")),
        *(("grant_role", {**over, "places": {"user_id": user.id, "role": f"role{n}"}}, 200) for n in range(32)),
        ("grant_role", {**over, "places": {"user_id": user.id, "role": "one-more"}}, 409),
        ("jwks", {"headers": {"If-None-Match": "*"}}, 304),
    ]
    for name, request, status in cases:
        answer = await walk.ask(name, request)
        assert answer.status_code == status, (name, answer.text)


@asynccontextmanager
async def _away() -> AsyncIterator[Any]:
    raise DatabaseUnavailableError
    yield


async def _overloaded(*_: Any) -> Any:
    raise HasherOverloadedError


def take_database_away(service: Service, patch: pytest.MonkeyPatch) -> None:
    for block in ("transaction", "statement", "snapshot"):
        patch.setattr(service.services.database, block, _away)
    patch.setattr(service.services.readiness, "_asked_at", float("-inf"))


def stop_hashing(service: Service, patch: pytest.MonkeyPatch) -> None:
    for work in ("hash", "verify"):
        patch.setattr(service.services.hasher, work, _overloaded)


async def fail_all(walk: Walk, root: Person, stop: Callable[[Service, pytest.MonkeyPatch], None]) -> set[str]:
    """Ask everything while something is away; what answered 503, with the time to come back."""
    unavailable = set()
    for name in walk.operations:
        requests = await good_requests(walk.service, root)
        with pytest.MonkeyPatch.context() as patch:
            stop(walk.service, patch)
            answer = await walk.ask(name, requests[name])
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
            unavailable.add(name)
    return unavailable


async def test_what_is_answered_is_documented_and_what_is_documented_is_answered(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for_tests(database_url, tmp_path)
    async with running(settings) as service:
        root = await administrator(service)
        document = (await service.client.get("/openapi.json")).json()
        walk = Walk(service, document)

        granted = await grant_all(walk, root)
        await refuse_all(walk, root)
        await contradict(walk, root)
        without_database = await fail_all(walk, root, take_database_away)
        without_hashing = await fail_all(walk, root, stop_hashing)

    closed = settings_for_tests(database_url, tmp_path, registration={"open": False})
    async with running(closed) as service:
        walk.service = service
        await walk.ask("register", {"json": {"username": fresh_name(), "password": PASSWORD}})

    assert {name: status for name, status in granted.items() if status >= 300} == {}
    assert without_database == set(walk.operations) - {"jwks", "livez"}
    assert without_hashing == HASHING
    assert walk.seen - walk.documented == set(), "answered, and not documented"
    assert walk.documented - walk.seen == set(), "documented, and never answered"


async def test_every_reference_in_the_document_leads_somewhere(door: Service) -> None:
    answer = await door.client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]

    referred = {part.partition('"')[0] for part in answer.text.split("#/components/schemas/")[1:]}

    assert referred - set(schemas) == set()
