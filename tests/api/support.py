"""What the tests of the HTTP doors share: people to act as, and what every refusal looks like."""

import base64
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import unquote

import httpx

from tests.support.service import Service, bearer

PASSWORD = "engine of differences"
_numbers = count(1)


@dataclass
class Person:
    """A registered user with an open session."""

    service: Service
    id: str
    username: str
    tokens: dict[str, Any]

    @property
    def access_token(self) -> str:
        token: str = self.tokens["access_token"]
        return token

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of the JSON API under the person's access token."""
        return await self.service.client.request(method, f"/api/v1{path}", headers=bearer(self.access_token), **more)

    async def me(self) -> httpx.Response:
        return await self.service.me(self.access_token)

    async def login(self, password: str = PASSWORD) -> "Person":
        """The same person on another device."""
        return Person(self.service, self.id, self.username, await self.service.login(self.username, password))

    async def refresh(self) -> httpx.Response:
        """Rotate; when it is granted the person goes on with the new tokens."""
        answer = await self.service.refresh(self.tokens["refresh_token"])
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer


def fresh_name(prefix: str = "user") -> str:
    """A username that no other test has."""
    return f"{prefix}{next(_numbers):05}"


async def person(service: Service, prefix: str = "user", **more: Any) -> Person:
    """Somebody new, logged in."""
    username = fresh_name(prefix)
    user = await service.register(username, **more)
    return Person(service, user["id"], username, await service.login(username))


async def administrator(service: Service) -> Person:
    """A new administrator, logged in."""
    username = fresh_name("root")
    tokens = await service.administrator(username)
    user = (await service.me(tokens["access_token"])).json()
    return Person(service, user["id"], username, tokens)


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is the problem document of this code (RFC 9457), and give it back."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, answer.text
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"].isascii()
    assert unquote(body["instance"]) == answer.request.url.path
    assert set(body) <= {"type", "title", "status", "detail", "code", "instance", "errors"}
    return body


def broken_rules(answer: httpx.Response, code: str = "validation_failed") -> set[tuple[str, str]]:
    """Where (the last part of `loc`) and by which rule a request failed."""
    body = assert_problem(answer, 422, code)
    assert all(set(error) == {"loc", "msg", "type"} and error["msg"] for error in body["errors"])
    return {(error["loc"][-1], error["type"]) for error in body["errors"]}
