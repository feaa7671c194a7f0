"""Derives keys from the master secrets, one for each purpose, so that no secret is used for two things.

HKDF-SHA-256 (RFC 5869). New things are made under the first secret; old ones are accepted under any.
"""

from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_FINGERPRINT = "signet/secret-fingerprint"


@dataclass(frozen=True)
class MasterSecrets:
    """The master secrets: the first is the one new things are made under, the others are still accepted."""

    secrets: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("there must be a master secret, and none may be empty")

    def derive(self, label: str) -> tuple[bytes, ...]:
        """A 32-byte key for `label` from each secret, in their order."""
        return tuple(
            HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=label.encode()).derive(secret)
            for secret in self.secrets
        )

    @cached_property
    def fingerprints(self) -> tuple[int, ...]:
        """One byte for each secret, in their order: a hint which one made a thing. Two secrets may share it."""
        return tuple(key[0] for key in self.derive(_FINGERPRINT))
