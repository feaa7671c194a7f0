"""What tests of tokens share: one issuer and one verifier over a ring in memory, and tokens made by hand."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.crypto import jwk, jws
from app.domain.keys.keyring import RingKey
from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError
from app.domain.tokens.issuer import IssuedToken, TokenIssuer
from app.domain.tokens.verifier import TokenVerifier
from tests.keys.support import DAY, MINUTE, T0, FakeRevocations, MemoryRing, StoppedClock

ISSUER, AUDIENCE = "https://auth.example.org", "signet"
USER, SESSION = UUID("01900000-0000-7000-8000-000000000001"), UUID("01900000-0000-7000-8000-000000000002")


class Scene:
    """A service in small."""

    def __init__(self, algorithm: str = "ES256", *, cache_size: int = 100) -> None:
        self.clock = StoppedClock()
        self.ring = MemoryRing(self.clock)
        self.key = self.ring.add(algorithm)
        self.revocations = FakeRevocations()
        self.issuer = TokenIssuer(self.ring, issuer=ISSUER, audience=AUDIENCE, lifetime=10 * MINUTE)
        self.verifier = self.another_verifier(cache_size=cache_size)

    def another_verifier(
        self, *, issuer: str = ISSUER, audience: str = AUDIENCE, cache_size: int = 100
    ) -> TokenVerifier:
        return TokenVerifier(
            self.ring,
            self.revocations,
            issuer=issuer,
            audience=audience,
            clock=self.clock,
            cache_size=cache_size,
        )

    def issue(self, *, not_after: datetime = T0 + 365 * DAY) -> IssuedToken:
        return self.issuer.issue(
            user_id=USER,
            username="ada",
            roles=("admin", "editor"),
            epoch=7,
            session_id=SESSION,
            client="first-party",
            scope=("account",),
            auth_time=T0 - timedelta(hours=1, microseconds=1),
            amr=("pwd",),
            now=self.clock.now(),
            not_after=not_after,
        )

    def payload(self, **changed: Any) -> dict[str, Any]:
        """The claims of a good token, some changed; `...` leaves one out."""
        token = jws.parse(self.issue().text, typ="at+jwt")
        return {name: value for name, value in (dict(token.payload) | changed).items() if value is not ...}

    def signed(self, payload: Mapping[str, Any] | bytes, *, key: RingKey | None = None, **header: Any) -> str:
        """A token signed with our key, or another, whatever it says; `...` leaves a member of the header out."""
        signer = key or self.key
        members = {"alg": signer.algorithm, "kid": signer.kid, "typ": "at+jwt"} | header
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        head = json.dumps({name: value for name, value in members.items() if value is not ...}).encode()
        return compact(head, body, signer)


def compact(header: bytes, payload: bytes, signer: RingKey) -> str:
    """The compact form of any bytes, properly signed."""
    signing_input = f"{encode(header)}.{encode(payload)}"
    algorithm = jwk.ALGORITHMS[signer.algorithm]
    return f"{signing_input}.{encode(algorithm.sign(signing_input.encode(), signer.signing_key))}"


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> AccessClaims:
    """What a token says, unverified."""
    return AccessClaims.from_payload(jws.parse(token, typ="at+jwt").payload)


async def refused(scene: Scene, token: str) -> InvalidTokenError:
    """The refusal of a token that must not be accepted."""
    with pytest.raises(InvalidTokenError) as caught:
        await scene.verifier.verify(token)
    return caught.value
