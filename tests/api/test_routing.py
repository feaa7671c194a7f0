"""Paths and methods: what is not there, what does not answer so, and HEAD."""

import pytest

from tests.api.support import PASSWORD, administrator, assert_problem, person
from tests.support.service import Service, bearer


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v2/users/me",
        "/api/v1/users/me/nothing",
        "/API/v1/users/me",
        "/api/v1/auth",
        "//api/v1/users/me",
        "/api//v1/users/me",
        "/a path?with=a query",
        "/%3Cscript%3E%3F%23%0A%00",
        "/é/😀",
        "/" + "a" * 8000,
    ],
)
async def test_an_unknown_path_is_a_problem(door: Service, path: str) -> None:
    assert_problem(await door.client.get(path), 404, "not_found")


async def test_a_trailing_slash_is_another_path_and_never_a_redirect(door: Service) -> None:
    root = await administrator(door)
    document = (await door.client.get("/openapi.json")).json()

    for path, operations in document["paths"].items():
        for method in operations:
            url = path.format(user_id=root.id, role="editor", session_id=root.id) + "/"
            answer = await door.client.request(method, url, headers=bearer(root.access_token))
            assert_problem(answer, 404, "not_found")


async def test_a_method_that_a_path_does_not_answer_to_is_told_those_it_does(door: Service) -> None:
    document = (await door.client.get("/openapi.json")).json()

    for path, operations in document["paths"].items():
        answered = {method.upper() for method in operations}
        if "GET" in answered:
            answered.add("HEAD")
        url = path.format(user_id="x", role="editor", session_id="x")
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - answered:
            answer = await door.client.request(method, url)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == answered, (method, path)
            if method != "HEAD":
                assert_problem(answer, 405, "method_not_allowed")


async def test_head_answers_as_get_does_without_the_body(door: Service) -> None:
    root = await administrator(door)
    document = (await door.client.get("/openapi.json")).json()
    paths = [path for path, operations in document["paths"].items() if "get" in operations]

    for path in [*paths, "/openapi.json", "/docs", "/nowhere"]:
        url = path.format(user_id=root.id)
        for headers in (bearer(root.access_token), {}):
            get = await door.client.get(url, headers={**headers, "X-Request-ID": "same"})
            head = await door.client.head(url, headers={**headers, "X-Request-ID": "same"})
            assert head.content == b""
            assert head.status_code == get.status_code
            if "cursor" not in get.text:
                assert head.headers == get.headers


async def test_the_method_cannot_be_overridden(door: Service) -> None:
    user = await person(door)
    override = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE", **bearer(user.access_token)}

    answer = await door.client.post("/api/v1/users/me?_method=DELETE", headers=override)

    assert_problem(answer, 405, "method_not_allowed")
    assert (await door.login(user.username, PASSWORD))["access_token"]


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "evil.example", "x:y", "", "\xe9", "a" * 4000])
async def test_a_hostile_host_header_changes_nothing(door: Service, host: str) -> None:
    headers = {b"Host": host.encode()}

    assert (await door.client.get("/livez", headers=headers)).status_code == 200
    missing = await door.client.get("/nowhere", headers=headers)
    nobody = await door.client.get("/api/v1/users/me", headers=headers)
    assert_problem(missing, 404, "not_found")
    assert_problem(nobody, 401, "not_authenticated")
    assert "evil.example" not in missing.text + nobody.text
