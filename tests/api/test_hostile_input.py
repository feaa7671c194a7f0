"""Every text that the document says we read, against strings and values that services trip over.

Whatever comes: never a failure of ours, and a refusal is a problem document (on the form route: RFC 6749's own).
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.hostile import ENOUGH, NO_STRINGS, STRINGS
from tests.api.support import PASSWORD, Person, administrator, assert_problem, fresh_name, person
from tests.support.service import Service, bearer


def assert_answered(answer: httpx.Response, sent: object) -> None:
    """Check that it was taken, or refused as it should be."""
    assert answer.status_code < 500, (sent, answer.text)
    if not answer.is_error:
        return
    if answer.request.url.path.endswith("/auth/token") and answer.status_code != 413:
        assert set(answer.json()) == {"error", "error_description"}, sent
    else:
        assert_problem(answer, answer.status_code, answer.json()["code"])


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, str, list[str]]]:
    """Method, path, member and all members of every JSON body that has a text in it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for schema in operation.get("requestBody", {}).get("content", {}).values():
                properties = resolved(document, schema["schema"]).get("properties", {})
                for name, member in properties.items():
                    if "string" in {kind.get("type") for kind in [member, *member.get("anyOf", [])]}:
                        yield method, path, name, list(properties)


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where it is referred to or may be null."""
    for choice in schema.get("anyOf", []):
        if "$ref" in choice:
            schema = choice
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def good_values(user: Person) -> dict[str, str]:
    """What each member is when it is not the one that is tried."""
    return {
        "username": fresh_name(),
        "email": f"{fresh_name()}@example.org",
        "password": PASSWORD,
        "current_password": PASSWORD,
        "new_password": PASSWORD,
        "refresh_token": user.tokens["refresh_token"],
        "scope": "account",
        "grant_type": "password",
    }


async def send(user: Person, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """The body as JSON with escapes for everything beyond ASCII, or as a form."""
    url = path.format(user_id=user.id)
    headers = bearer(user.access_token)
    if path.endswith("/auth/token"):
        form = {name: str(value).encode(errors="surrogatepass") for name, value in body.items()}
        return await user.service.client.request(method, url, data=form, headers=headers)
    headers["Content-Type"] = "application/json"
    return await user.service.client.request(method, url, content=json.dumps(body), headers=headers)


async def test_no_text_in_any_body_trips_us(shared: Service) -> None:
    document = (await shared.client.get("/openapi.json")).json()
    tried = list(bodies(document))
    root = await administrator(shared)

    for method, path, name, members in tried:
        for label, value in [*STRINGS.items(), *NO_STRINGS.items()]:
            good = good_values(root)
            optional = {"refresh_token", "scope"} if name in {"username", "password"} else set()
            body = {member: good[member] for member in members if member in good and member not in optional}
            if path == "/api/v1/users/{user_id}":
                body = {}
            answer = await send(root, method, path, {**body, name: value})
            assert_answered(answer, (method, path, name, label))
            if answer.status_code == 204 and name in {"new_password", "refresh_token"}:
                root = await administrator(shared)  # this one's password or session is gone

    assert {(path, name) for _, path, name, _ in tried} >= {
        ("/api/v1/auth/register", "email"),
        ("/api/v1/auth/login", "scope"),
        ("/api/v1/auth/token", "grant_type"),
        ("/api/v1/auth/refresh", "refresh_token"),
        ("/api/v1/auth/logout", "refresh_token"),
        ("/api/v1/users/me", "email"),
        ("/api/v1/users/me/password", "new_password"),
        ("/api/v1/users/{user_id}", "username"),
    }


async def test_no_text_in_any_path_or_query_trips_us(shared: Service) -> None:
    paths = (await shared.client.get("/openapi.json")).json()["paths"]
    root = await administrator(shared)
    tried = 0

    for path, operations in paths.items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                for label, value in ENOUGH.items():
                    written = quote(value[:8000], safe="") or "%20"
                    names = {"user_id": root.id, "role": "editor", "session_id": root.id}
                    if parameter["in"] == "path":
                        url = path.format(**{**names, parameter["name"]: written})
                    else:
                        url = f"{path.format(**names)}?{parameter['name']}={written}"
                    answer = await shared.client.request(method, url, headers=bearer(root.access_token))
                    tried += 1
                    assert_answered(answer, (method, path, parameter["name"], label))

    assert tried > 20 * len(ENOUGH)


async def test_no_bytes_in_any_header_trip_us(shared: Service) -> None:
    user = await person(shared)
    names = ["Authorization", "User-Agent", "X-Request-ID", "Idempotency-Key", "If-None-Match", "Content-Type"]
    names += ["Accept", "Cookie", "Origin", "X-Forwarded-For", "Forwarded", "Accept-Language", "Range"]
    values = [text.encode() for text in ENOUGH.values()] + [b"", b"\xff\xfe", b"Basic \xff", b"Bearer \xff"]

    for name in names:
        for value in values:
            headers = [(b"Authorization", f"Bearer {user.access_token}".encode())] * (name != "Authorization")
            headers.append((name.encode(), value[:8000]))
            for method, path in (("GET", "/api/v1/users/me"), ("POST", "/api/v1/auth/refresh")):
                answer = await shared.client.request(method, path, headers=headers)
                assert_answered(answer, (name, value))


@pytest.mark.parametrize("text", STRINGS.values(), ids=STRINGS)
async def test_a_password_is_taken_whole_or_refused_and_never_repeated(shared: Service, text: str) -> None:
    username = fresh_name()
    password = f"{text} Zq7marker {text}"
    body = json.dumps({"username": username, "password": password})
    json_type = {"Content-Type": "application/json"}

    registered = await shared.client.post("/api/v1/auth/register", content=body, headers=json_type)
    login = await shared.client.post("/api/v1/auth/login", content=body, headers=json_type)

    assert "Zq7marker" not in registered.text + login.text
    if registered.status_code == 201:
        assert login.status_code == 200
    else:
        assert registered.status_code in {413, 422}
        assert login.status_code in {401, 413, 422}


async def test_an_address_that_is_taken_comes_back_as_it_was_sent(shared: Service) -> None:
    user = await person(shared)
    stored = None

    for label, text in STRINGS.items():
        email = f"{fresh_name()}{text}@example.org"
        answer = await send(user, "patch", "/api/v1/users/me", {"email": email, "current_password": PASSWORD})
        if answer.status_code == 200:
            stored = email
        else:
            assert answer.status_code in {413, 422}, label
            assert_answered(answer, label)
        assert (await user.me()).json()["email"] == stored, label


async def test_a_user_agent_is_shown_without_control_characters(shared: Service) -> None:
    user = await person(shared)
    body = {"username": user.username, "password": PASSWORD}

    for label, text in STRINGS.items():
        sent = text.encode(errors="surrogatepass")[:2000]
        login = await shared.client.post("/api/v1/auth/login", json=body, headers={b"User-Agent": sent})
        answer = await shared.client.get(
            "/api/v1/users/me/sessions?limit=1", headers=bearer(login.json()["access_token"])
        )
        shown = answer.json()["items"][0]["user_agent"]
        without = "".join(c for c in sent.decode("latin-1") if not (c < " " or "\x7f" <= c <= "\x9f"))
        assert (shown or "").strip() == without[:512].strip(), label
