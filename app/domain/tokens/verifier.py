"""Verifies access tokens: form, key, signature, claims, revocation, and last whether the time is over.

In this order nobody learns anything about a token that we did not sign: expired *and* forged is forged.
A valid token is remembered by a digest of its whole text, so that its signature is checked once; whether it has
expired, was revoked, and whether the ring still holds the very key that verified it, is asked at every use.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import Clock
from app.crypto import jws
from app.domain.keys.keyring import Keyring, RingKey
from app.domain.revocation.service import Revocations
from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError, TokenExpiredError
from app.domain.tokens.issuer import TOKEN_TYPE

LEEWAY = timedelta(seconds=30)
"""How far `iat` and `nbf` may lie ahead: another worker's clock. `exp` has no leeway."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """Signed by `key`, and ours. Whether it may be used *now* is judged at every use."""

    claims: AccessClaims
    key: RingKey


class TokenVerifier:
    """Verifies for one issuer and audience; remembers at most `cache_size` valid tokens, the latest used ones."""

    def __init__(
        self,
        keyring: Keyring,
        revocations: Revocations,
        *,
        issuer: str,
        audience: str,
        clock: Clock,
        cache_size: int = 10_000,
    ) -> None:
        self._keyring = keyring
        self._revocations = revocations
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._cache_size = cache_size
        self._remembered: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, presented: str) -> AccessClaims:
        """The claims of a token that is valid at this moment.

        Raises:
            TokenExpiredError: it was valid in every respect, but its time is over.
            InvalidTokenError: it is anything else.
            UnavailableError: whether it was revoked, or signed by a key of ours, cannot be told now.
        """
        digest = _digest(presented)
        verified = self._recall(digest)
        if verified is None:
            verified = await self._verify_signature(presented)
        await self._revocations.wait_until_fresh()
        self._judge(verified, self._clock.now())
        self._remember(digest, verified)
        return verified.claims

    def verify_now(self, presented: str) -> AccessClaims | None:
        """The same without waiting, for a token that is remembered while revocations are fresh; None: ask `verify`.

        Raises:
            TokenExpiredError: as `verify`.
            InvalidTokenError: as `verify`.
        """
        digest = _digest(presented)
        verified = self._recall(digest)
        if verified is None or not self._revocations.fresh:
            return None
        self._judge(verified, self._clock.now())
        self._remember(digest, verified)
        return verified.claims

    def _recall(self, digest: bytes) -> _Verified | None:
        """What is remembered of this text, unless its key has left the ring since."""
        verified = self._remembered.get(digest)
        if verified is None:
            return None
        if self._keyring.find(verified.key.kid, self._clock.now()) is not verified.key:
            del self._remembered[digest]
            return None
        return verified

    async def _verify_signature(self, presented: str) -> _Verified:
        try:
            token = jws.parse(presented, typ=TOKEN_TYPE)
        except jws.MalformedTokenError as error:
            raise InvalidTokenError("malformed", str(error)) from None
        key = await self._key_of(token.kid)
        if key is None:
            raise InvalidTokenError("unknown_key")
        if not jws.verify(token, key=key.verification_key, algorithm=key.algorithm):
            raise InvalidTokenError("signature")
        claims = AccessClaims.from_payload(token.payload)
        if claims.issuer != self._issuer:
            raise InvalidTokenError("not_for_us", "another issuer")
        if claims.audience != self._audience:
            raise InvalidTokenError("not_for_us", "another audience")
        return _Verified(claims, key)

    async def _key_of(self, kid: str) -> RingKey | None:
        key = self._keyring.find(kid, self._clock.now())
        if key is None:
            await self._keyring.reload_for_unknown_kid(kid)
            key = self._keyring.find(kid, self._clock.now())
        return key

    def _judge(self, verified: _Verified, now: datetime) -> None:
        claims = verified.claims
        if claims.issued_at > now + LEEWAY or claims.not_before > now + LEEWAY:
            raise InvalidTokenError("not_yet_valid")
        if self._revocations.refuses(
            session_id=claims.session_id,
            token_id=claims.token_id,
            user_id=claims.subject,
            epoch=claims.epoch,
            key_id=verified.key.kid,
        ):
            raise InvalidTokenError("revoked")
        if claims.expires_at <= now:
            raise TokenExpiredError

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._remembered[digest] = verified
        self._remembered.move_to_end(digest)
        if len(self._remembered) > self._cache_size:
            self._remembered.popitem(last=False)


def _digest(presented: str) -> bytes:
    """SHA-256 of the text; a text no token can be is refused before it costs anything."""
    if len(presented) > jws.MAX_CHARACTERS or not presented.isascii():
        raise InvalidTokenError("malformed", "too long, or not ASCII")
    return hashlib.sha256(presented.encode()).digest()
