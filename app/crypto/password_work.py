"""Computes password hashes, here and now: Argon2id for ours, and whatever other software left us until the next log-in.

RFC 9106 (Argon2id) with the parameters of OWASP's Password Storage Cheat Sheet. Knows no queue and no event loop:
`passwords` decides where and when this runs.
"""

import secrets
from dataclasses import dataclass

from passlib.context import CryptContext

from app.crypto.foreign_hashes import FOREIGN_HANDLERS, absurd_cost, recognise
from app.crypto.password_text import nfc

_BCRYPT_BYTES = 72


@dataclass(frozen=True)
class Verdict:
    """Whether the password was right, and the hash that should replace the stored one (only when it was)."""

    ok: bool
    upgraded: str | None = None


_WRONG = Verdict(ok=False)


class PasswordWork:
    """The computation. Each call takes as long as a hash takes."""

    def __init__(self, *, memory_kib: int, time_cost: int) -> None:
        self._context = CryptContext(
            ["argon2", *FOREIGN_HANDLERS],
            deprecated="auto",
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__time_cost=time_cost,
            argon2__parallelism=1,
        )
        self._dummy = self._context.hash(secrets.token_bytes(32))

    def hash(self, password: str) -> str:
        """The Argon2id hash (PHC string) of the password in NFC, whole, with a fresh salt."""
        return self._context.hash(nfc(password).encode())

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Whether `password` made `password_hash`; see `PasswordHasher.verify`."""
        try:
            normal = nfc(password).encode()
        except ValueError:
            normal = b""
        if not normal:
            self._matches(b"-", self._dummy)
            return _WRONG
        # Other software hashed what it was sent, so that is tried first; ours are always of the normal form. The same
        # number of hashes is computed for everybody, whatever is stored.
        sent = password.encode()
        spellings = (normal,) if sent == normal else (sent, normal)
        if password_hash is None or not self._is_computable(password_hash):
            for spelling in spellings:
                self._matches(spelling, self._dummy)
            return _WRONG
        right = next((spelling for spelling in spellings if self._matches(spelling, password_hash)), None)
        if right is None:
            return _WRONG
        outdated = right != normal or self._context.needs_update(password_hash)
        return Verdict(ok=True, upgraded=self._context.hash(normal) if outdated else None)

    def _is_computable(self, password_hash: str) -> bool:
        if recognise(password_hash) is None:
            return False
        # What is configured is not absurd: an operator may spend what they like on their own hashes.
        return not absurd_cost(password_hash) or not self._context.needs_update(password_hash)

    def _matches(self, password: bytes, password_hash: str) -> bool:
        text = password[:_BCRYPT_BYTES] if recognise(password_hash) == "bcrypt" else password
        try:
            return self._context.verify(text, password_hash)
        except ValueError:
            # The form is right and the content is not, such as a salt that decodes to too few bytes.
            self._context.verify(password, self._dummy)
            return False
