"""A corpus of forged tokens. Whatever else is wrong with them, each is refused, and as nothing but invalid."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto import jwk, jws
from app.domain.tokens.errors import TokenExpiredError
from tests.keys.support import T0, ring_key
from tests.tokens.support import ISSUER, Scene, encode, refused

NOW = int(T0.timestamp())
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def unsigned(scene: Scene, **header: Any) -> str:
    """A token without a signature, whatever its header says."""
    members = {"alg": "none", "kid": scene.key.kid, "typ": "at+jwt"} | header
    return f"{encode(json.dumps(members).encode())}.{encode(json.dumps(scene.payload()).encode())}."


async def test_the_corpus_starts_from_a_token_that_is_accepted(scene: Scene) -> None:
    token = scene.signed(scene.payload())

    assert (await scene.verifier.verify(token)).issuer == ISSUER


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", "none ", "", "ES256\x00", None, "ES256"])
@pytest.mark.parametrize("signature", ["", "AA", encode(b"\0" * 64)])
async def test_unsigned_tokens_are_refused(scene: Scene, alg: str | None, signature: str) -> None:
    await refused(scene, unsigned(scene, alg=alg) + signature)


def public_spellings(scene: Scene) -> dict[str, bytes]:
    public = scene.key.verification_key
    assert isinstance(public, ec.EllipticCurvePublicKey)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    published = scene.key.public_jwk
    return {
        "PEM": pem,
        "PEM without its last line end": pem.rstrip(b"\n"),
        "PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "a point": public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "a compressed point": public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
        "OpenSSH": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "JWK": json.dumps(published).encode(),
        "compact JWK": json.dumps(published, separators=(",", ":")).encode(),
        "JWKS": json.dumps({"keys": [published]}).encode(),
        "x": published["x"].encode(),
        "the kid": scene.key.kid.encode(),
        "nothing": b"",
    }


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_our_public_key_is_no_shared_secret_in_any_spelling(scene: Scene, algorithm: str) -> None:
    for spelling in public_spellings(scene).values():
        forger = ring_key(algorithm, key=spelling, kid=scene.key.kid)

        assert (await refused(scene, scene.signed(scene.payload(), key=forger))).reason == "signature"


@pytest.mark.parametrize("alg", ["ES384", "ES512", "ES256K", "EdDSA", "RS256", "PS256", "HS256", "es256", "ES256 "])
async def test_a_good_signature_under_another_name_of_the_algorithm_is_refused(scene: Scene, alg: str) -> None:
    await refused(scene, scene.signed(scene.payload(), alg=alg))


async def test_an_rsa_key_serves_one_padding_only() -> None:
    scene = Scene("RS256")
    same_key = ring_key("PS256", key=scene.key.signing_key, kid=scene.key.kid)

    await scene.verifier.verify(scene.signed(scene.payload()))

    await refused(scene, scene.signed(scene.payload(), key=same_key))
    await refused(scene, scene.signed(scene.payload(), key=same_key, alg="RS256"))


async def test_a_foreign_key_with_our_kid_is_refused(scene: Scene) -> None:
    for algorithm in ("ES256", "ES384", "EdDSA", "HS256"):
        foreign = ring_key(algorithm, kid=scene.key.kid)

        assert (await refused(scene, scene.signed(scene.payload(), key=foreign))).reason == "signature"


HEADERS: dict[str, Any] = {
    "jku": "https://evil.example/jwks.json",
    "x5u": "https://evil.example/chain.pem",
    "x5c": ["MIIB"],
    "zip": "DEF",
    "b64": False,
    "crit": ["exp"],
    "p2c": 1_000_000_000,
    "enc": "A256GCM",
    "cty": "JWT",
}


@pytest.mark.parametrize("name", HEADERS)
async def test_no_member_of_the_header_is_followed_even_in_a_token_of_ours(scene: Scene, name: str) -> None:
    assert (await refused(scene, scene.signed(scene.payload(), **{name: HEADERS[name]}))).reason == "malformed"


@pytest.mark.parametrize("crit", [[], ["x"], ["b64"], ["exp", "exp"], "exp", None])
async def test_crit_is_refused_in_every_form(scene: Scene, crit: Any) -> None:
    await refused(scene, scene.signed(scene.payload(), crit=crit))


@pytest.mark.parametrize("kid", ["ours", "attacker", "../../dev/null", "' OR 1=1 --", "\x00", "k" * 5000, "", None])
async def test_an_embedded_key_is_never_used(scene: Scene, kid: str | None) -> None:
    attacker = ring_key("ES256")
    name = {"ours": scene.key.kid, "attacker": attacker.kid}.get(kid or "", kid)

    await refused(scene, scene.signed(scene.payload(), key=attacker, jwk=attacker.public_jwk, kid=name))
    await refused(scene, scene.signed(scene.payload(), key=attacker, kid=name))


async def test_every_flipped_bit_of_each_part_is_refused() -> None:
    scene = Scene()
    token = scene.issue().text
    await scene.verifier.verify(token)
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]

    for index, part in enumerate(parts):
        for bit in range(len(part) * 8):
            if index < 2 and bit % 8 != bit // 8 % 8:
                continue  # one bit of each byte of header and payload, every bit of the signature
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            await refused(scene, ".".join(encode(bytes(changed) if n == index else p) for n, p in enumerate(parts)))


async def test_every_cut_and_every_addition_is_refused(scene: Scene) -> None:
    token = scene.issue().text

    for length in range(len(token)):
        await refused(scene, token[:length])
    for addition in ("A", "AA", "AAAA", "=", "==", ".", " ", "\n", "\x00", "é"):
        await refused(scene, token + addition)
        await refused(scene, addition + token)
    header, payload, signature = token.split(".")
    for other in (f"{header}=.{payload}.{signature}", f"{header}.{payload}.{signature}==", f"{header}..{signature}"):
        await refused(scene, other)
    for swapped in (f"{payload}.{header}.{signature}", f"{signature}.{payload}.{header}"):
        await refused(scene, swapped)


def es256(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


HOSTILE_SIGNATURES = {
    "r = s = 0": es256(0, 0),
    "r = 0": es256(0, 1),
    "s = 0": es256(1, 0),
    "r = s = 1": es256(1, 1),
    "r = s = n": es256(P256_ORDER, P256_ORDER),
    "r = s = n - 1": es256(P256_ORDER - 1, P256_ORDER - 1),
    "r = n, s = 1": es256(P256_ORDER, 1),
    "all ones": b"\xff" * 64,
    "one byte": b"\0",
    "the width of another curve": b"\0" * 96,
}


@pytest.mark.parametrize("name", HOSTILE_SIGNATURES)
async def test_degenerate_signatures_are_refused(scene: Scene, name: str) -> None:
    head = scene.issue().text.rsplit(".", 1)[0]

    await refused(scene, f"{head}.{encode(HOSTILE_SIGNATURES[name])}")


async def test_other_encodings_of_a_good_signature_are_refused(scene: Scene) -> None:
    head, signature = scene.issue().text.rsplit(".", 1)
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    der = encode_dss_signature(r, s)
    longer = r.to_bytes(33) + s.to_bytes(33)

    for other in (der, longer, raw + b"\0", b"\0" + raw, raw[32:] + raw[:32], raw + raw):
        await refused(scene, f"{head}.{encode(other)}")


async def test_a_polyglot_of_json_and_compact_form_is_refused(scene: Scene) -> None:
    header, payload, signature = scene.issue().text.split(".")
    forged = encode(json.dumps(scene.payload(roles=["root"])).encode())

    polyglot = json.dumps(
        {f"  {header}.{forged}.": "", "protected": header, "payload": payload, "signature": signature}
    )

    await refused(scene, polyglot)
    await refused(scene, json.dumps({"protected": header, "payload": payload, "signature": signature}))


async def test_an_encrypted_token_is_refused(scene: Scene) -> None:
    bomb = encode(json.dumps({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 10**9, "zip": "DEF"}).encode())

    await refused(scene, f"{bomb}.AAAA.AAAA.AAAA.AAAA")


@pytest.mark.parametrize(
    "huge", ["." * 1_000_000, "a" * 1_000_000, "a" * 1_000_000 + ".e30.AA", "\ud800.\ud800.\ud800"]
)
async def test_huge_and_odd_texts_are_refused_at_once(scene: Scene, huge: str) -> None:
    started = time.perf_counter()

    await refused(scene, huge)

    assert time.perf_counter() - started < 0.01


async def test_deep_json_is_refused_though_we_signed_it(scene: Scene) -> None:
    await refused(scene, scene.signed(b'{"a":' + b"[" * 2700 + b"]" * 2700 + b"}"))


async def test_a_forgery_that_has_expired_is_a_forgery(scene: Scene) -> None:
    expired = scene.payload(exp=NOW - 60)
    with pytest.raises(TokenExpiredError):
        await scene.verifier.verify(scene.signed(expired))

    foreign = ring_key("ES256", kid=scene.key.kid)
    await refused(scene, scene.signed(expired, key=foreign))
    await refused(scene, scene.signed(expired | {"aud": "other"}))
    await refused(scene, scene.signed(expired, typ="JWT"))


async def test_no_forgery_was_remembered() -> None:
    scene = Scene()
    forged = scene.issue().text[:-6] + "AAAAAA"

    await refused(scene, forged)

    assert scene.verifier.verify_now(forged) is None
    await refused(scene, forged)


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(st.text(), st.from_regex(r"[\w-]{0,40}(\.[\w-]{0,40}){0,4}"), st.binary().map(encode)))
async def test_no_text_whatever_is_accepted_or_breaks_anything(scene: Scene, text: str) -> None:
    await refused(scene, text)


def test_the_algorithm_none_of_the_library_is_out_of_reach() -> None:
    assert "none" not in jwk.ALGORITHMS
    token = jws.UnverifiedToken("k", "none", {}, b"", b"")

    with pytest.raises(KeyError):
        jws.verify(token, key=b"", algorithm="none")
