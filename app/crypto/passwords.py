"""Hashes passwords and verifies them: Argon2id for ours, and whatever other software left us until the next log-in.

RFC 9106 (Argon2id) with the parameters of OWASP's Password Storage Cheat Sheet. Whoever asks, about whomever, pays for
one hash in one queue, so that neither the time nor the load tells whether a user exists. A foreign hash keeps its own
cost until its owner logs in and it is replaced.
"""

import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from passlib.context import CryptContext

from app.crypto.foreign_hashes import FOREIGN_HANDLERS, absurd_cost, recognise
from app.crypto.hash_budget import HashBudget, HasherOverloadedError
from app.crypto.password_text import nfc

__all__ = ["HasherOverloadedError", "PasswordHasher", "Verdict"]

_BCRYPT_BYTES = 72


@dataclass(frozen=True)
class Verdict:
    """Whether the password was right, and the hash that should replace the stored one (only when it was)."""

    ok: bool
    upgraded: str | None = None


_WRONG = Verdict(ok=False)


class PasswordHasher:
    """Argon2id off the event loop, under the budget of the machine.

    At most `concurrency` hashes run at once: in this process, and over all processes given the same folder `slots`.
    `queue` more may wait in this process; `HasherOverloadedError` refuses the rest at once.
    """

    def __init__(self, *, memory_kib: int, time_cost: int, concurrency: int, queue: int, slots: Path | None) -> None:
        self._context = CryptContext(
            ["argon2", *FOREIGN_HANDLERS],
            deprecated="auto",
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__time_cost=time_cost,
            argon2__parallelism=1,
        )
        self._dummy = self._context.hash(secrets.token_bytes(32))
        self._budget = HashBudget(concurrency=concurrency, queue=queue, slots=slots)

    @property
    def running(self) -> int:
        """Hashes being computed in this process."""
        return self._budget.running

    @property
    def queued(self) -> int:
        """Callers that wait for their turn in this process."""
        return self._budget.queued

    @property
    def shed(self) -> int:
        """Callers refused since the start because the queue was full."""
        return self._budget.shed

    async def hash(self, password: str) -> str:
        """The Argon2id hash (PHC string) of the password in NFC, whole, with a fresh salt.

        Raises:
            ValueError: the password is empty, has more than 1,024 bytes or holds a lone surrogate.
            HasherOverloadedError: the queue is full.
        """
        if not password:
            raise ValueError("an empty password")
        return await self._budget.run(partial(self._context.hash, nfc(password).encode()))

    async def verify(self, password: str, password_hash: str | None) -> Verdict:
        """Whether `password` made `password_hash`; `None`, for a user there is not, is never right and costs the same.

        A password that cannot be (empty, over 1,024 bytes, with a lone surrogate) and a stored hash that cannot be
        computed (malformed, of an unknown scheme, of absurd cost) are wrong at the cost of one of our own hashes.
        `upgraded` is set when the stored hash is of another scheme or of other parameters than ours.

        Raises:
            HasherOverloadedError: the queue is full.
        """
        return await self._budget.run(partial(self._verify, password, password_hash))

    def close(self) -> None:
        """Stop the threads; hashes that run are finished, those that wait are cancelled."""
        self._budget.close()

    def _verify(self, password: str, password_hash: str | None) -> Verdict:
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
