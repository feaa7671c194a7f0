"""Issues access tokens, signed with the active key."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.crypto import jws
from app.domain.keys.keyring import Keyring
from app.domain.tokens.claims import AccessClaims

TOKEN_TYPE = "at+jwt"  # noqa: S105  # the `typ` of access tokens, RFC 9068 section 2.1
_JITTER = 0.05
_ID_BYTES = 16
_random = secrets.SystemRandom()


@dataclass(frozen=True)
class IssuedToken:
    """An access token, and what it is known by."""

    text: str
    expires_at: datetime
    token_id: str


class TokenIssuer:
    """Issues for one issuer and audience."""

    def __init__(self, keyring: Keyring, *, issuer: str, audience: str, lifetime: timedelta) -> None:
        self._keyring = keyring
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime

    def require_key(self, now: datetime) -> None:
        """Raise NoSigningKeyError while there is no key to sign with: before anything is written that a token tells."""
        self._keyring.active(now)

    def issue(
        self,
        *,
        user_id: UUID,
        username: str,
        roles: tuple[str, ...],
        epoch: int,
        session_id: UUID,
        client: str,
        scope: tuple[str, ...],
        auth_time: datetime,
        amr: tuple[str, ...],
        now: datetime,
        not_after: datetime,
    ) -> IssuedToken:
        """A token that lives from `now` for the lifetime less up to 5 %, and never beyond `not_after`.

        The 5 % are random, so that clients do not all refresh in one second. All moments are cut to whole seconds.

        Raises:
            NoSigningKeyError: there is no key to sign with.
        """
        key = self._keyring.active(now)
        lifetime = self._lifetime * (1 - _random.uniform(0, _JITTER))
        issued_at = _whole_seconds(now)
        claims = AccessClaims(
            issuer=self._issuer,
            subject=user_id,
            audience=self._audience,
            client_id=client,
            issued_at=issued_at,
            not_before=issued_at,
            expires_at=_whole_seconds(min(now + lifetime, not_after)),
            token_id=secrets.token_urlsafe(_ID_BYTES),
            session_id=session_id,
            epoch=epoch,
            scope=scope,
            roles=roles,
            username=username,
            auth_time=_whole_seconds(auth_time),
            amr=amr,
        )
        text = jws.sign(claims.to_payload(), key=key.signing_key, algorithm=key.algorithm, kid=key.kid, typ=TOKEN_TYPE)
        return IssuedToken(text, claims.expires_at, claims.token_id)


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
