"""Seals small secrets and states, so that whoever holds them can neither read nor change nor move them.

AES-256-GCM (NIST SP 800-38D) under a key derived for one purpose. A sealed text is
version 1 B ‖ nonce 12 B ‖ ciphertext and tag; the version and what it is `bound_to` are authenticated with it.
Nonces are random, so one secret may seal 2³² texts for a purpose (section 8.3 there).
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto.derive import MasterSecrets

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD = len(_VERSION) + _NONCE_BYTES


class CannotOpenError(Exception):
    """It was not sealed by us for this purpose and binding, was changed, or its secret is no longer accepted."""


class Sealer:
    """Seals and opens for one `purpose`; what was sealed for another does not open."""

    def __init__(self, secrets: MasterSecrets, purpose: str) -> None:
        self._ciphers = tuple(AESGCM(key) for key in secrets.derive(f"signet/sealing/{purpose}"))

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes:
        """`plaintext` sealed under the first secret; opens only with the same `bound_to`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._ciphers[0].encrypt(nonce, plaintext, _VERSION + bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """What was sealed, under whichever secret.

        Raises:
            CannotOpenError: no accepted secret opens it; never says why.
        """
        return self._open(sealed, bound_to)[1]

    def outdated(self, sealed: bytes, *, bound_to: bytes) -> bool:
        """Whether it opens, but not under the first secret: then it should be sealed again.

        Raises:
            CannotOpenError: no accepted secret opens it.
        """
        return self._open(sealed, bound_to)[0] > 0

    def _open(self, sealed: bytes, bound_to: bytes) -> tuple[int, bytes]:
        if len(sealed) < _HEAD + _TAG_BYTES or sealed[:1] != _VERSION:
            raise CannotOpenError
        nonce, ciphertext = sealed[1:_HEAD], sealed[_HEAD:]
        for position, cipher in enumerate(self._ciphers):
            try:
                return position, cipher.decrypt(nonce, ciphertext, _VERSION + bound_to)
            except InvalidTag:
                continue
        raise CannotOpenError
