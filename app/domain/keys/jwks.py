"""The published key set (RFC 7517 section 5): with it anyone can verify our tokens. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.keys.keyring import RingKey


@dataclass(frozen=True)
class JwksDocument:
    """The document's bytes, and a strong entity tag (RFC 9110 section 8.8.3), quotes included."""

    body: bytes
    etag: str


def jwks_document(keys: Iterable[RingKey]) -> JwksDocument:
    """The document of these keys. Shared secrets have nothing to publish and are left out."""
    published = [key.public_jwk for key in keys if key.public_jwk]
    body = json.dumps({"keys": published}, separators=(",", ":")).encode()
    return JwksDocument(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
