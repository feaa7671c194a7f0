"""Recognises password hashes, ours and those of other software, and judges what they would cost to verify.

Everything a stored hash says is read by one strict pattern first, so that neither a damaged row nor a hostile import
makes a hash function run for minutes. Formats: PHC strings (argon2), passlib's modular crypt format, Django's
`algorithm$…`, Werkzeug's `method$salt$hex`, and `crypt(3)`'s bcrypt.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import passlib.utils.handlers as uh

_SALT = "[!-#%-~]{1,256}"
_ARGON2 = (
    r"\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(?P<memory>\d{1,10}),t=(?P<passes>\d{1,10}),p=(?P<lanes>\d{1,10})"
    r"\$[A-Za-z0-9+/]{11,128}\$[A-Za-z0-9+/]{16,128}"
)
_BCRYPT = r"\$2[aby]\$(?P<log_rounds>\d\d)\$[./A-Za-z0-9]{53}"
_LONGEST_HASH = 1024

# Each bound is some five seconds of one core, or 1 GiB: several times what any published recommendation asks for.
_MAX_MEMORY_KIB = 1_048_576
_MAX_ARGON2_KIB_PASSES = 4 * _MAX_MEMORY_KIB
_MAX_LANES = 64
_MAX_PBKDF2_ROUNDS = 10_000_000
_MAX_BCRYPT_LOG_ROUNDS = 16
_MAX_SCRYPT_MEMORY = _MAX_MEMORY_KIB * 1024 // 2
_MAX_SCRYPT_WORK = 2**24
_SCRYPT_BYTES_PER_BLOCK = 128


def _argon2_is_absurd(found: re.Match[str]) -> bool:
    memory, passes, lanes = (int(found[name]) for name in ("memory", "passes", "lanes"))
    return memory > _MAX_MEMORY_KIB or memory * passes > _MAX_ARGON2_KIB_PASSES or lanes > _MAX_LANES


def _bcrypt_is_absurd(found: re.Match[str]) -> bool:
    return int(found["log_rounds"]) > _MAX_BCRYPT_LOG_ROUNDS


def _pbkdf2_is_absurd(found: re.Match[str]) -> bool:
    return int(found["rounds"]) > _MAX_PBKDF2_ROUNDS


def _scrypt_is_absurd(found: re.Match[str]) -> bool:
    cost, block, lanes = (int(found[name]) for name in ("n", "r", "p"))
    memory = _SCRYPT_BYTES_PER_BLOCK * cost * block
    return memory > _MAX_SCRYPT_MEMORY or cost * block * lanes > _MAX_SCRYPT_WORK


@dataclass(frozen=True)
class _Scheme:
    pattern: re.Pattern[str]
    is_absurd: Callable[[re.Match[str]], bool]


def _scheme(pattern: str, is_absurd: Callable[[re.Match[str]], bool]) -> _Scheme:
    return _Scheme(re.compile(pattern, re.ASCII), is_absurd)


_SCHEMES = {
    "argon2": _scheme(_ARGON2, _argon2_is_absurd),
    "bcrypt": _scheme(_BCRYPT, _bcrypt_is_absurd),
    "bcrypt_sha256": _scheme(
        r"\$bcrypt-sha256\$(?:v=2,t=2[ab],r=|2[ab],)(?P<log_rounds>\d{1,2})\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}",
        _bcrypt_is_absurd,
    ),
    "pbkdf2_sha256": _scheme(
        r"\$pbkdf2-sha256\$(?P<rounds>\d{1,10})\$[./A-Za-z0-9]{0,256}\$[./A-Za-z0-9]{43}", _pbkdf2_is_absurd
    ),
    "django_argon2": _scheme("argon2" + _ARGON2, _argon2_is_absurd),
    "django_bcrypt_sha256": _scheme(r"bcrypt_sha256\$" + _BCRYPT, _bcrypt_is_absurd),
    "django_pbkdf2_sha256": _scheme(
        rf"pbkdf2_sha256\$(?P<rounds>\d{{1,10}})\${_SALT}\$[A-Za-z0-9+/]{{43}}=", _pbkdf2_is_absurd
    ),
    "werkzeug_pbkdf2": _scheme(
        rf"pbkdf2:(?P<digest>sha1|sha224|sha256|sha384|sha512):(?P<rounds>\d{{1,10}})\$(?P<salt>{_SALT})"
        r"\$(?P<hex>[0-9a-f]{40,128})",
        _pbkdf2_is_absurd,
    ),
    "werkzeug_scrypt": _scheme(
        rf"scrypt:(?P<n>\d{{1,10}}):(?P<r>\d{{1,10}}):(?P<p>\d{{1,10}})\$(?P<salt>{_SALT})\$(?P<hex>[0-9a-f]{{128}})",
        _scrypt_is_absurd,
    ),
    "werkzeug_salted_sha256": _scheme(rf"sha256\$(?P<salt>{_SALT})\$(?P<hex>[0-9a-f]{{64}})", lambda _: False),
}


def _read(password_hash: str) -> tuple[str, re.Match[str]] | None:
    if len(password_hash) > _LONGEST_HASH:
        return None
    for name, scheme in _SCHEMES.items():
        if found := scheme.pattern.fullmatch(password_hash):
            return name, found
    return None


def recognise(password_hash: str) -> str | None:
    """The scheme's name, or `None` when no scheme that we verify has this form."""
    known = _read(password_hash)
    return known and known[0]


def absurd_cost(password_hash: str) -> bool:
    """Whether verifying it would take more than about five seconds of one core, or more than 1 GiB.

    Refused at import and never computed. A hash of no known form costs nothing, so it is not absurd.
    """
    known = _read(password_hash)
    return known is not None and _SCHEMES[known[0]].is_absurd(known[1])


class _WerkzeugHash(uh.MinimalHandler):
    """A scheme that passlib does not know, for verifying only."""

    name: str
    setting_kwds = ()
    context_kwds = ()

    @classmethod
    def identify(cls, hash: str | bytes) -> bool:  # noqa: A002  # passlib's name
        """Whether `hash` has this scheme's form."""
        return _SCHEMES[cls.name].pattern.fullmatch(str(hash)) is not None

    @classmethod
    def hash(cls, secret: str | bytes, **settings: Any) -> str:
        """Nothing new is hashed so."""
        raise NotImplementedError

    @classmethod
    def verify(cls, secret: str | bytes, hash: str | bytes, **context: Any) -> bool:  # noqa: A002, ARG003
        """Whether `secret` made `hash`.

        Raises:
            ValueError: the hash is malformed.
        """
        found = _SCHEMES[cls.name].pattern.fullmatch(str(hash))
        if found is None:
            raise ValueError(f"not a {cls.name} hash")
        raw = secret.encode() if isinstance(secret, str) else secret
        return hmac.compare_digest(cls._digest(raw, found), bytes.fromhex(found["hex"]))

    @classmethod
    def _digest(cls, secret: bytes, found: re.Match[str]) -> bytes:
        raise NotImplementedError


class WerkzeugPbkdf2(_WerkzeugHash):
    """`pbkdf2:sha256:1000000$salt$hex` of werkzeug.security."""

    name = "werkzeug_pbkdf2"

    @classmethod
    def _digest(cls, secret: bytes, found: re.Match[str]) -> bytes:
        return hashlib.pbkdf2_hmac(found["digest"], secret, found["salt"].encode(), int(found["rounds"]))


class WerkzeugScrypt(_WerkzeugHash):
    """`scrypt:32768:8:1$salt$hex` of werkzeug.security (RFC 7914)."""

    name = "werkzeug_scrypt"

    @classmethod
    def _digest(cls, secret: bytes, found: re.Match[str]) -> bytes:
        cost, block, lanes = (int(found[name]) for name in ("n", "r", "p"))
        memory = _SCRYPT_BYTES_PER_BLOCK * block * (cost + lanes + 2)
        return hashlib.scrypt(
            secret, salt=found["salt"].encode(), n=cost, r=block, p=lanes, maxmem=memory + 65536, dklen=64
        )


class WerkzeugSaltedSha256(_WerkzeugHash):
    """`sha256$salt$hex` of Werkzeug before 2.3: HMAC-SHA-256 of the password, keyed with the salt."""

    name = "werkzeug_salted_sha256"

    @classmethod
    def _digest(cls, secret: bytes, found: re.Match[str]) -> bytes:
        return hmac.digest(found["salt"].encode(), secret, "sha256")


FOREIGN_HANDLERS: tuple[Any, ...] = (
    "bcrypt",
    "bcrypt_sha256",
    "pbkdf2_sha256",
    "django_argon2",
    "django_bcrypt_sha256",
    "django_pbkdf2_sha256",
    WerkzeugPbkdf2,
    WerkzeugScrypt,
    WerkzeugSaltedSha256,
)
