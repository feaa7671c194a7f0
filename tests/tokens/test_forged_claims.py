"""Tokens that our own key has signed, and that are not ones we issue: each is refused."""

import json
from typing import Any

import pytest

from tests.keys.support import T0
from tests.tokens.support import AUDIENCE, ISSUER, Scene, compact, refused

NOW = int(T0.timestamp())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


CLAIMS: list[tuple[str, Any]] = [
    *[("exp", value) for value in (..., None, str(NOW + 60), NOW + 60.0, True, -1, [NOW + 60], 10**30, "never")],
    *[("iat", value) for value in (..., None, str(NOW), float(NOW), True, -1, NOW + 31, NOW + 10**9)],
    *[("nbf", value) for value in (..., None, str(NOW), float(NOW), True, -1, NOW + 31, NOW + 10**9)],
    *[("aud", value) for value in (..., None, "", "other", AUDIENCE[:-1], AUDIENCE + "2", AUDIENCE.upper())],
    *[("aud", value) for value in ([], [AUDIENCE], ["other", AUDIENCE], {AUDIENCE: 1}, f"{AUDIENCE} other")],
    *[("iss", value) for value in (..., None, "", ISSUER + "/", ISSUER + ".evil.example", ISSUER[:-1], [ISSUER])],
    *[("iss", value) for value in ("https://evil.example", ISSUER.upper(), ISSUER.replace("https", "http"))],
    *[("sub", value) for value in (..., None, "", "ada", 1, True)],
    *[("sid", value) for value in (..., None, "", "x", 1)],
    *[("jti", value) for value in (..., None, "", 1)],
    *[("epoch", value) for value in (..., None, "7", 7.0, True, -1, 2**63)],
    *[(name, ...) for name in ("client_id", "scope", "roles", "preferred_username", "auth_time", "amr")],
]


@pytest.mark.parametrize(("name", "value"), CLAIMS)
async def test_wrong_claims_are_refused_though_we_signed_them(scene: Scene, name: str, value: Any) -> None:
    await refused(scene, scene.signed(scene.payload(**{name: value})))


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1E10", b"NaN", b"Infinity", b"9" * 4000, b"1" + b"0" * 5000])
async def test_numbers_that_json_allows_and_clocks_do_not_are_refused(scene: Scene, number: bytes) -> None:
    payload = json.dumps(scene.payload(exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + number)
    assert number in payload

    await refused(scene, scene.signed(payload))


@pytest.mark.parametrize("typ", [..., None, "", "JWT", "jwt", "AT+JWT", "rt+jwt", "logout+jwt", "dpop+jwt", "at+jwt "])
async def test_tokens_of_another_type_are_refused_though_we_signed_them(scene: Scene, typ: Any) -> None:
    assert (await refused(scene, scene.signed(scene.payload(), typ=typ))).reason == "malformed"


async def test_duplicate_members_are_refused_though_we_signed_them(scene: Scene) -> None:
    header = json.dumps({"alg": "ES256", "kid": scene.key.kid, "typ": "at+jwt"}).encode()
    payload = json.dumps(scene.payload()).encode()

    for member in (b'"sub":"x"', b'"s\\u0075b":"x"', b'"exp":99999999999', b'"cnf":{"a":1,"a":2}'):
        await refused(scene, compact(header, payload[:-1] + b"," + member + b"}", scene.key))
    await refused(scene, compact(header[:-1] + b',"alg":"none"}', payload, scene.key))
