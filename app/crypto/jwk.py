"""Signing keys: makes, stores, loads and judges them, and writes their public half as a JWK (RFC 7517, RFC 8037).

A key serves one algorithm. A shared secret (HS…) is `bytes` and is its own verification key; it has no public half.
"""

import base64
import hashlib
import json
import secrets
from typing import Any, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import Algorithm

from app.crypto.roca import has_roca_fingerprint

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | bytes
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey | bytes

_CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_RSA_GENERATED_BITS = 3072
_RSA_LEAST_BITS = 2048
_RSA_EXPONENT = 65537
_THUMBPRINT_MEMBERS = {"crv", "e", "k", "kty", "n", "x", "y"}

ALGORITHMS: dict[str, Algorithm] = {
    name: jwt.get_algorithm_by_name(name) for name in (*_CURVES, "EdDSA", *_RSA, *_SECRET_BYTES)
}
"""Every algorithm a signing key may have. `none` is not among them."""


class WeakKeyError(ValueError):
    """The key must not sign: too short, of a known weak kind, damaged, or not one for its algorithm."""


def generate(algorithm: str) -> PrivateKey:
    """A fresh key for `algorithm`: RSA of 3072 bits, a shared secret as long as the hash (RFC 7518 section 3.2).

    RSA takes up to a second of CPU: call it off the event loop.
    """
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm in _RSA:
        return rsa.generate_private_key(public_exponent=_RSA_EXPONENT, key_size=_RSA_GENERATED_BITS)
    if algorithm in _SECRET_BYTES:
        return secrets.token_bytes(_SECRET_BYTES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"{algorithm!r} is not a signature algorithm of ours")


def to_bytes(key: PrivateKey) -> bytes:
    """The private key as PKCS #8 DER, a shared secret as it is. Not encrypted: seal it before it is stored."""
    if isinstance(key, bytes):
        return key
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def from_bytes(material: bytes, algorithm: str) -> PrivateKey:
    """The key that `to_bytes` wrote, or an imported one, after it passed `check_key`.

    Raises:
        WeakKeyError: it is not a sound key for `algorithm`.
    """
    if algorithm in _SECRET_BYTES:
        check_key(material, algorithm)
        return material
    try:
        key = load_der_private_key(material, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WeakKeyError("the key is damaged or of an unknown kind") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey, ed25519.Ed25519PrivateKey)):
        raise WeakKeyError(f"the key is of a kind that {algorithm} does not use")
    check_key(key, algorithm)
    return key


def public_part(key: PrivateKey) -> PublicKey:
    """What verifies the signatures of `key`."""
    return key if isinstance(key, bytes) else key.public_key()


def check_key(key: PrivateKey | PublicKey, algorithm: str) -> None:
    """Refuse a key that must not sign or verify under `algorithm`.

    That its point lies on the curve was proven when it was loaded.

    Raises:
        WeakKeyError: RSA under 2048 bits, with a small exponent or the ROCA flaw (CVE-2017-15361); a shared secret
            shorter than the hash (RFC 7518 section 3.2); another kind of key or curve than the algorithm's.
    """
    if isinstance(key, bytes):
        if len(key) < _SECRET_BYTES.get(algorithm, len(key) + 1):
            raise WeakKeyError(f"the secret is too short for {algorithm}, or {algorithm} takes none")
    elif isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        _check_rsa(key, algorithm)
    elif isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        curve = _CURVES.get(algorithm)
        if curve is None or key.curve.name != curve.name:
            raise WeakKeyError(f"{algorithm} does not use the curve {key.curve.name}")
    elif algorithm != "EdDSA":
        raise WeakKeyError(f"{algorithm} does not use an Ed25519 key")


def _check_rsa(key: rsa.RSAPrivateKey | rsa.RSAPublicKey, algorithm: str) -> None:
    if algorithm not in _RSA:
        raise WeakKeyError(f"{algorithm} does not use an RSA key")
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key
    numbers = public.public_numbers()
    if key.key_size < _RSA_LEAST_BITS:
        raise WeakKeyError(f"the RSA key has {key.key_size} bits; {_RSA_LEAST_BITS} is the least")
    if numbers.e < _RSA_EXPONENT:
        raise WeakKeyError("the RSA key's public exponent is smaller than 65537")
    if has_roca_fingerprint(numbers.n):
        raise WeakKeyError("the RSA key was made by a chip with the ROCA flaw (CVE-2017-15361)")


def public_jwk(key: PublicKey, *, kid: str, algorithm: str) -> dict[str, str]:
    """The key as it is published (RFC 7517 section 4), for signatures under `algorithm` only; empty for a secret."""
    if isinstance(key, bytes):
        return {}
    return {"kid": kid, "use": "sig", "alg": algorithm} | _members(key, algorithm)


def thumbprint(key: PublicKey, algorithm: str) -> str:
    """The key's name, `kid`: its SHA-256 thumbprint (RFC 7638).

    A shared secret's gives nothing away while the secret is random (section 7 there), as generated ones are.
    """
    canonical = json.dumps(_members(key, algorithm), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _members(key: PublicKey, algorithm: str) -> dict[str, str]:
    jwk: dict[str, Any] = ALGORITHMS[algorithm].to_jwk(key, as_dict=True)
    return {name: str(value) for name, value in jwk.items() if name in _THUMBPRINT_MEMBERS}
