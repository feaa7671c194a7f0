import base64
import json
import time

import pytest

from app.crypto import jwk, jws
from app.crypto.jws import MalformedTokenError

KEY = jwk.generate("ES256")
PUBLIC = jwk.public_part(KEY)
HEADER = '{"alg":"ES256","kid":"k","typ":"at+jwt"}'


def encode(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: str | bytes = HEADER, payload: str | bytes = '{"a":1}', signature: bytes = b"s" * 64) -> str:
    return f"{encode(header)}.{encode(payload)}.{encode(signature)}"


def header_with(**members: object) -> str:
    return json.dumps(json.loads(HEADER) | members)


def test_a_well_formed_token_is_taken_apart() -> None:
    token = jws.parse(compact(), typ="at+jwt")

    assert (token.kid, token.algorithm, token.payload) == ("k", "ES256", {"a": 1})
    assert token.signature == b"s" * 64


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"])
def test_what_is_signed_verifies_under_its_key_and_no_other(algorithm: str) -> None:
    key, other = jwk.generate(algorithm), jwk.generate(algorithm)

    token = jws.parse(jws.sign({"name": "é"}, key=key, algorithm=algorithm, kid="k", typ="x"), typ="x")

    assert token.payload == {"name": "é"}
    assert jws.verify(token, key=jwk.public_part(key), algorithm=algorithm)
    assert not jws.verify(token, key=jwk.public_part(other), algorithm=algorithm)


def test_an_algorithm_that_is_not_the_keys_is_refused_though_the_signature_is_good() -> None:
    secret = b"s" * 64
    token = jws.parse(jws.sign({}, key=secret, algorithm="HS256", kid="k", typ="x"), typ="x")

    assert jws.verify(token, key=secret, algorithm="HS256")
    assert not jws.verify(token, key=secret, algorithm="HS512")


MALFORMED = {
    "nothing": "",
    "one part": "abc",
    "two parts": ".".join(compact().split(".")[:2]),
    "four parts": compact() + ".",
    "five parts, as JWE has": "a.b.c.d.e",
    "JSON serialisation": json.dumps({"protected": encode(HEADER), "payload": "e30", "signature": "c3M"}),
    "no header": "." + compact().split(".", 1)[1],
    "no signature": compact().rsplit(".", 1)[0] + ".",
    "padding": f"{encode(HEADER)}.{encode('{}')}=.{encode(b's' * 64)}==",
    "the standard alphabet": compact(signature=b"\xff\xfe" * 32).replace("_", "/").replace("-", "+"),
    "a space": compact() + " ",
    "a line end": compact() + "\n",
    "a foreign character inside": compact().replace(".", "!.", 1),
    "not ASCII": compact() + "é",
    "a header that is a list": compact(header="[]"),
    "a header that is null": compact(header="null"),
    "a payload that is a list": compact(payload='["a"]'),
    "a payload that is a number": compact(payload="1"),
    "not JSON": compact(payload="{'a':1}"),
    "JSON and more": compact(payload="{}{}"),
    "a byte order mark": compact(payload=b"\xef\xbb\xbf{}"),
    "UTF-16": compact(payload='{"a":1}'.encode("utf-16")),
    "not UTF-8": compact(payload=b'{"a":"\xff"}'),
    "an overlong UTF-8 form": compact(payload=b'{"a":"\xc0\xaf"}'),
    "NaN": compact(payload='{"a":NaN}'),
    "Infinity": compact(payload='{"a":-Infinity}'),
    "a number of 5000 digits": compact(payload='{"a":' + "9" * 5000 + "}"),
    "a member twice in the payload": compact(payload='{"exp":1,"exp":2}'),
    "a member twice, once escaped": compact(payload='{"exp":1,"\\u0065xp":2}'),
    "a member twice far inside": compact(payload='{"a":[{"b":{"c":1,"c":1}}]}'),
    "a member twice in the header": compact(header='{"alg":"ES256","alg":"none","kid":"k","typ":"at+jwt"}'),
    "deep lists": compact(payload='{"a":' + "[" * 2900 + "]" * 2900 + "}"),
    "deep objects": compact(payload='{"a":' * 1000 + "1" + "}" * 1000),
    "no kid": compact(header='{"alg":"ES256","typ":"at+jwt"}'),
    "a kid that is a number": compact(header=header_with(kid=1)),
    "a kid that is null": compact(header=header_with(kid=None)),
    "no alg": compact(header='{"kid":"k","typ":"at+jwt"}'),
    "an alg that is a list": compact(header=header_with(alg=["ES256"])),
    "no typ": compact(header='{"alg":"ES256","kid":"k"}'),
    "another typ": compact(header=header_with(typ="JWT")),
    "a typ in capitals": compact(header=header_with(typ="AT+JWT")),
    "the long typ": compact(header=header_with(typ="application/at+jwt")),
    "a refresh typ": compact(header=header_with(typ="rt+jwt")),
    **{
        f"{name} in the header": compact(header=header_with(**{name: value}))
        for name, value in {
            "crit": ["exp"],
            "jku": "https://evil.example/jwks",
            "x5u": "https://evil.example/x5u",
            "x5c": ["MIIB"],
            "x5t": "abc",
            "jwk": {"kty": "oct", "k": "AA"},
            "zip": "DEF",
            "b64": False,
            "p2c": 10**9,
            "enc": "A128GCM",
            "unheard-of": 1,
        }.items()
    },
    "an empty crit": compact(header=header_with(crit=[])),
    "a crit of b64": compact(header=header_with(crit=["b64"], b64=False)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_token_is_refused(name: str) -> None:
    with pytest.raises(MalformedTokenError):
        jws.parse(MALFORMED[name], typ="at+jwt")


def test_unused_bits_of_base64url_are_refused() -> None:
    good = jws.sign({}, key=KEY, algorithm="ES256", kid="k", typ="x")
    assert jws.verify(jws.parse(good, typ="x"), key=PUBLIC, algorithm="ES256")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(good[-1])
    assert last % 16 == 0  # 64 bytes end in a character that carries two bits

    for unused in range(1, 16):
        with pytest.raises(MalformedTokenError):
            jws.parse(good[:-1] + alphabet[last + unused], typ="x")


def test_a_token_of_8_kib_is_read_and_a_longer_one_is_not() -> None:
    room = 8192 - len(compact(payload='{"a":""}'))
    exact = compact(payload='{"a":"' + "x" * (room * 3 // 4) + '"}')
    assert 8188 <= len(exact) <= 8192

    assert jws.parse(exact, typ="at+jwt").kid == "k"
    with pytest.raises(MalformedTokenError):
        jws.parse(compact(payload='{"a":"' + "x" * (room * 3 // 4 + 6) + '"}'), typ="at+jwt")


@pytest.mark.parametrize("huge", ["." * 1_000_000, "a" * 50_000_000, ("a" * 1_000_000) + ".a.a", "[" * 1_000_000])
def test_huge_texts_cost_nothing(huge: str) -> None:
    started = time.perf_counter()

    with pytest.raises(MalformedTokenError):
        jws.parse(huge, typ="at+jwt")

    assert time.perf_counter() - started < 0.01
