import base64
import hashlib
import hmac
import json
import math
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc.jwk import import_key

from app.crypto import jwk
from app.crypto.jwk import WeakKeyError
from app.crypto.roca import has_roca_fingerprint

ASYMMETRIC = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
SYMMETRIC = {"HS256": 32, "HS384": 48, "HS512": 64}


def test_the_algorithms_are_the_thirteen_we_offer_and_none_is_not_among_them() -> None:
    assert set(jwk.ALGORITHMS) == {*ASYMMETRIC, *SYMMETRIC}


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "RS256", *SYMMETRIC])
def test_a_generated_key_survives_being_stored(algorithm: str) -> None:
    key = jwk.generate(algorithm)

    loaded = jwk.from_bytes(jwk.to_bytes(key), algorithm)

    assert jwk.to_bytes(loaded) == jwk.to_bytes(key)
    assert jwk.thumbprint(jwk.public_part(loaded), algorithm) == jwk.thumbprint(jwk.public_part(key), algorithm)


def test_generated_rsa_keys_have_3072_bits() -> None:
    key = jwk.generate("PS256")

    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 3072


@pytest.mark.parametrize(("algorithm", "length"), SYMMETRIC.items())
def test_a_generated_secret_is_as_long_as_the_hash(algorithm: str, length: int) -> None:
    key = jwk.generate(algorithm)

    assert isinstance(key, bytes)
    assert len(key) == length == hmac.new(key, b"", f"sha{algorithm[2:]}").digest_size


@pytest.mark.parametrize("algorithm", ["none", "ES256K", "HS1", ""])
def test_other_algorithms_make_no_key(algorithm: str) -> None:
    with pytest.raises(ValueError, match="not a signature algorithm"):
        jwk.generate(algorithm)


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "RS256"])
def test_a_published_key_carries_use_alg_and_kid_and_nothing_private(algorithm: str) -> None:
    public = jwk.public_part(jwk.generate(algorithm))

    published = jwk.public_jwk(public, kid="name", algorithm=algorithm)

    assert published["use"] == "sig"
    assert published["alg"] == algorithm
    assert published["kid"] == "name"
    assert not {"d", "p", "q", "dp", "dq", "qi", "k", "key_ops"} & published.keys()


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA", "RS256"])
def test_the_name_of_a_key_is_the_thumbprint_another_library_computes(algorithm: str) -> None:
    public = jwk.public_part(jwk.generate(algorithm))

    peer = import_key(dict(jwk.public_jwk(public, kid="x", algorithm=algorithm)))

    assert jwk.thumbprint(public, algorithm) == peer.thumbprint()


def test_a_secret_publishes_nothing_and_is_named_by_its_thumbprint_too() -> None:
    key = bytes(range(32))

    member = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    digest = hashlib.sha256(json.dumps({"k": member, "kty": "oct"}, separators=(",", ":")).encode()).digest()

    assert jwk.public_jwk(key, kid="x", algorithm="HS256") == {}
    assert jwk.thumbprint(key, "HS256") == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_small_coordinates_keep_their_width() -> None:
    key = next(
        made
        for _ in range(20_000)
        if (made := ec.generate_private_key(ec.SECP256R1()).public_key()).public_numbers().x >> 248 == 0
    )

    x = jwk.public_jwk(key, kid="x", algorithm="ES256")["x"]

    assert len(base64.urlsafe_b64decode(x + "=")) == 32  # RFC 7518 section 6.2.1.2


@pytest.mark.parametrize(("algorithm", "length"), SYMMETRIC.items())
def test_a_secret_shorter_than_the_hash_is_refused(algorithm: str, length: int) -> None:
    jwk.check_key(b"k" * length, algorithm)

    with pytest.raises(WeakKeyError):
        jwk.check_key(b"k" * (length - 1), algorithm)
    with pytest.raises(WeakKeyError):
        jwk.from_bytes(b"k" * (length - 1), algorithm)


def test_rsa_under_2048_bits_is_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # that is the point

    with pytest.raises(WeakKeyError, match="1024 bits"):
        jwk.check_key(key, "RS256")


def test_rsa_with_a_small_exponent_is_refused() -> None:
    key = rsa.RSAPublicNumbers(3, 2**2047 + 1).public_key()

    with pytest.raises(WeakKeyError, match="exponent"):
        jwk.check_key(key, "RS256")


def flawed_modulus(bits: int) -> int:
    """A modulus as the flawed chips make them: a power of 65537 modulo the product of the first 39 primes."""
    primes = [n for n in range(2, 168) if all(n % d for d in range(2, math.isqrt(n) + 1))]
    product = math.prod(primes)
    residue = pow(65537, 123_456_789, product)
    return ((1 << (bits - 1)) // product + 1) * product + residue


def test_rsa_keys_of_chips_with_the_roca_flaw_are_refused() -> None:
    key = rsa.RSAPublicNumbers(65537, flawed_modulus(2048)).public_key()

    with pytest.raises(WeakKeyError, match="ROCA"):
        jwk.check_key(key, "PS256")


def test_sound_moduli_do_not_look_like_the_roca_flaw() -> None:
    assert has_roca_fingerprint(flawed_modulus(3072))
    assert not any(has_roca_fingerprint(flawed_modulus(3072) + 2 * step) for step in range(1, 500))


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [
        (lambda: jwk.generate("ES256"), "ES384"),
        (lambda: jwk.generate("ES512"), "ES256"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "ES256"),
        (lambda: jwk.generate("ES256"), "EdDSA"),
        (lambda: jwk.generate("ES256"), "RS256"),
        (lambda: jwk.generate("ES256"), "HS256"),
        (lambda: jwk.generate("EdDSA"), "ES256"),
        (lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048), "EdDSA"),
        (lambda: b"k" * 64, "ES256"),
        (lambda: b"k" * 64, "none"),
    ],
)
def test_a_key_serves_no_other_algorithm(make: Callable[[], jwk.PrivateKey], algorithm: str) -> None:
    with pytest.raises(WeakKeyError):
        jwk.check_key(make(), algorithm)


def test_a_point_off_the_curve_is_refused() -> None:
    key = jwk.generate("ES256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    off = point[:-1] + bytes([point[-1] ^ 1])

    with pytest.raises(WeakKeyError, match="damaged"):
        jwk.from_bytes(jwk.to_bytes(key).replace(point, off), "ES256")


def test_a_key_of_an_unknown_kind_is_refused() -> None:
    other = ed448.Ed448PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(WeakKeyError):
        jwk.from_bytes(other, "EdDSA")
    with pytest.raises(WeakKeyError):
        jwk.from_bytes(b"not a key", "ES256")
