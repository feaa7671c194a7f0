"""The form of a refresh token: derived from the session, never stored.

    sgr_ + base64url( version 1 ‖ key id 1 ‖ session id 16 ‖ generation 4 ‖ HMAC-SHA-256 tag 32 )      bytes

The tag covers everything before it, under a key derived from a master secret. So the database holds nothing that could
be presented, a forged or cut token is refused before any query, and the successor of a token can be computed.
"""

import base64
import binascii
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from uuid import UUID

from app.crypto.derive import MasterSecrets

PREFIX = "sgr_"
MAX_GENERATION = 2**32 - 1
_VERSION = 1
_HEAD = struct.Struct(">BB16sI")
_FORM = re.compile(r"sgr_[A-Za-z0-9_-]{72}")  # 54 bytes are 72 characters: no padding, no unused bits


@dataclass(frozen=True)
class PresentedToken:
    """A genuine token: we made it once. Whether it is still good, the session's row says."""

    session_id: UUID
    generation: int


class RefreshTokens:
    """Makes and recognises refresh tokens."""

    def __init__(self, secrets: MasterSecrets) -> None:
        self._keys = tuple(zip(secrets.fingerprints, secrets.derive("signet/refresh-token"), strict=True))

    def make(self, session_id: UUID, generation: int) -> str:
        """The token of this session and generation, under the first secret."""
        key_id, key = self._keys[0]
        head = _HEAD.pack(_VERSION, key_id, session_id.bytes, generation)
        return PREFIX + base64.urlsafe_b64encode(head + _tag(key, head)).decode()

    def parse(self, presented: str) -> PresentedToken | None:
        """What the token says, if we made it; None for anything else. Asks no database."""
        if not _FORM.fullmatch(presented):
            return None
        try:
            raw = base64.urlsafe_b64decode(presented.removeprefix(PREFIX))
        except binascii.Error:
            return None
        head, tag = raw[: _HEAD.size], raw[_HEAD.size :]
        version, key_id, session_id, generation = _HEAD.unpack(head)
        genuine = False
        for known_id, key in self._keys:  # one byte names a secret, so several may share the name
            if known_id == key_id:
                genuine |= hmac.compare_digest(_tag(key, head), tag)
        if version != _VERSION or not genuine:
            return None
        return PresentedToken(UUID(bytes=session_id), generation)


def _tag(key: bytes, head: bytes) -> bytes:
    return hmac.new(key, head, hashlib.sha256).digest()
