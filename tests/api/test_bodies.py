"""Bodies that cannot be read: too large, of another type, malformed, in another encoding, bottomless."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.support import PASSWORD, assert_problem, broken_rules, fresh_name
from tests.support.service import Service

REGISTER = "/api/v1/auth/register"
JSON = {"Content-Type": "application/json"}
LIMIT = 64 * 1024


async def send(service: Service, content: Any, headers: dict[str, str] = JSON) -> httpx.Response:
    return await service.client.post(REGISTER, content=content, headers=headers)


def padded(size: int) -> bytes:
    """A good registration of exactly this many bytes."""
    body = json.dumps({"username": fresh_name(), "password": PASSWORD}).encode()
    return body + b" " * (size - len(body))


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]


async def test_64_kib_are_taken_announced_or_in_chunks(door: Service) -> None:
    announced = await send(door, padded(LIMIT))
    chunked = await send(door, in_chunks(padded(LIMIT)))

    assert (announced.status_code, chunked.status_code) == (201, 201)


async def test_one_byte_more_is_too_large_announced_or_in_chunks(door: Service) -> None:
    announced = await send(door, padded(LIMIT + 1))
    chunked = await send(door, in_chunks(padded(LIMIT + 1)))

    assert_problem(announced, 413, "body_too_large")
    assert_problem(chunked, 413, "body_too_large")


async def test_an_endless_body_is_not_read_to_its_end(door: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 4096
            yield b" " * 4096

    answer = await send(door, endless())

    assert_problem(answer, 413, "body_too_large")
    assert sent <= 2 * LIMIT


@pytest.mark.parametrize("length", ["99999999999999999999", "70000"])
async def test_an_announced_length_is_believed_before_anything_is_read(door: Service, length: str) -> None:
    answer = await send(door, b"{}", {**JSON, "Content-Length": length})

    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("length", ["-1", "x", "", "1e9", "0x10"])
async def test_a_length_that_is_none_opens_no_way_around_the_limit(door: Service, length: str) -> None:
    answer = await send(door, padded(LIMIT + 1), {**JSON, "Content-Length": length})

    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/api/v1/auth/token", "/api/v1/users/me"])
async def test_the_limit_holds_on_every_path(door: Service, path: str) -> None:
    answer = await door.client.request("GET", path, content=b"x" * (LIMIT + 1))

    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "application/json5",
        "text/json",
    ],
)
async def test_a_body_of_another_type_is_refused(door: Service, kind: str | None) -> None:
    answer = await send(door, padded(100), {} if kind is None else {"Content-Type": kind})

    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
async def test_the_type_of_json_is_read_in_every_spelling(door: Service, kind: str) -> None:
    assert (await send(door, padded(100), {"Content-Type": kind})).status_code == 201


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"])
async def test_every_json_route_refuses_another_type(door: Service, path: str) -> None:
    answer = await door.client.post(f"/api/v1{path}", content=b"{}", headers={"Content-Type": "text/plain"})

    assert_problem(answer, 415, "unsupported_media_type")


GOOD = json.dumps({"username": "encoded", "password": PASSWORD})
MALFORMED = {
    "open": b"{",
    "no json": b"username=ada",
    "trailing": GOOD.encode() + b"}",
    "two": GOOD.encode() * 2,
    "single quotes": b"{'username': 'ada'}",
    "comment": b"{} // really",
    "trailing comma": b'{"username": "ada",}',
    "raw newline": b'{"username": "a\nda"}',
    "raw nul": b'{"username": "ada\x00"}',
    "bad escape": b'{"username": "\\x41"}',
    "half an escape": b'{"username": "\\ud8"}',
    "no utf-8": b'{"username": "\xff\xfe"}',
    "overlong utf-8": b'{"username": "\xc0\xaf"}',
    "latin-1": '{"username": "é"}'.encode("latin-1"),
    "utf-16": GOOD.encode("utf-16"),
    "utf-16-le": GOOD.encode("utf-16-le"),
    "utf-16-be": GOOD.encode("utf-16-be"),
    "utf-32": GOOD.encode("utf-32"),
    "nul": b"\x00",
    "blank": b"   ",
    "a huge number": b'{"username": ' + b"9" * 60_000 + b"}",
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep and open": b"[" * 60_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_cannot_be_read_is_malformed(door: Service, body: bytes) -> None:
    assert_problem(await send(door, body), 400, "malformed_request")


async def test_a_hundred_thousand_levels_are_too_large(door: Service) -> None:
    assert_problem(await send(door, b"[" * 100_000 + b"]" * 100_000), 413, "body_too_large")


ODD = {
    "empty": b"",
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "huge exponent": b"1e999999",
    "text": b'"username"',
    "list": b"[]",
    "nan": b'{"username": NaN, "password": Infinity}',
    "infinity": b"-Infinity",
    "long number": b'{"username": ' + b"9" * 4000 + b"}",
    "numbers": b'{"username": 1, "password": -0.0}',
    "surrogates": b'{"username": "\\ud800", "password": "\\udfff\\ud800 and more"}',
    "surrogate in utf-8": b'{"username": "\xed\xa0\x80"}',
    "a surrogate as a name": b'{"\\ud800": 1}',
    "an empty name": b'{"": 1}',
    "a long name": b'{"' + b"n" * 60_000 + b'": 1}',
    "a prototype": b'{"__proto__": {"admin": true}, "constructor": 1}',
    "many names": json.dumps({f"n{number}": 1 for number in range(4000)}).encode(),
    **{f"{depth} levels": b'{"a":' * depth + b"1" + b"}" * depth for depth in (10, 200, 500, 900)},
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
async def test_json_that_is_no_registration_breaks_a_rule(door: Service, body: bytes) -> None:
    assert broken_rules(await send(door, body))


async def test_thousands_of_broken_rules_are_not_worth_a_larger_answer(door: Service) -> None:
    answer = await send(door, json.dumps({f"n{number}": 1 for number in range(4000)}).encode())

    assert ("username", "missing") in broken_rules(answer)
    assert len(answer.content) < 8192


async def test_a_byte_order_mark_is_passed_over(door: Service) -> None:
    assert (await send(door, b"\xef\xbb\xbf" + padded(100))).status_code == 201


@pytest.mark.parametrize("other", ['"username"', '"user\\u006eame"'])
async def test_a_body_that_names_a_member_twice_is_refused(door: Service, other: str) -> None:
    """Two readers could read it differently: one takes the first, another the last."""
    body = f'{{"username": "{fresh_name()}", {other}: "{fresh_name()}", "password": "{PASSWORD}"}}'

    assert_problem(await send(door, body.encode()), 400, "malformed_request")
