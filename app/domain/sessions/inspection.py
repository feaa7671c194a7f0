"""Says what a token is and whether it would be accepted now, with the reason: for an operator, never for a caller.

Judges by the verifier and by the rules of rotation, like the service itself, but changes and records nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from app.crypto import jws
from app.database.engine import Database
from app.domain.accounts.errors import UserNotFoundError
from app.domain.accounts.profile import Profiles
from app.domain.keys.service import SigningKeys
from app.domain.revocation.entries import Kind
from app.domain.revocation.service import Revocations
from app.domain.sessions.refresh_token import PREFIX, PresentedToken, RefreshTokens
from app.domain.sessions.repository import SessionRepository
from app.domain.sessions.rotation import SessionState, Verdict, judge
from app.domain.sessions.session import LiveSession, SessionView
from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError, TokenExpiredError
from app.domain.tokens.issuer import TOKEN_TYPE
from app.domain.tokens.verifier import TokenVerifier

_SENTENCES = {
    "malformed": "it is not an access token in the form of this service",
    "signature": "its signature was not made by the key that it names",
    "claims": "its claims are not those of an access token of this service",
    "not_for_us": "it was issued by, or for, another service",
    "not_yet_valid": "its time has not come yet",
}


@dataclass(frozen=True)
class Inspection:
    """What was found. `reason` is one word; `detail` a sentence.

    `header` and `claims` are what the token itself says, true only as far as `reason` allows; of a refresh token
    `claims` are what its session's row says.
    """

    kind: Literal["access_token", "refresh_token"]
    valid: bool
    reason: str
    detail: str
    header: Any
    claims: Any


class TokenInspection:
    """Inspects access tokens and refresh tokens; the keyring and the revocations must have been loaded."""

    def __init__(
        self,
        *,
        database: Database,
        repository: SessionRepository,
        refresh_tokens: RefreshTokens,
        verifier: TokenVerifier,
        revocations: Revocations,
        keys: SigningKeys,
        profiles: Profiles,
        leeway: timedelta,
    ) -> None:
        self._database = database
        self._repository = repository
        self._refresh_tokens = refresh_tokens
        self._verifier = verifier
        self._revocations = revocations
        self._keys = keys
        self._profiles = profiles
        self._leeway = leeway

    async def inspect(self, presented: str) -> Inspection:
        """What `presented` is, and the verdict on it now.

        Raises:
            UnavailableError: it cannot be told now.
        """
        if presented.startswith(PREFIX):
            return await self._inspect_refresh_token(presented)
        header, claims = jws.peek(presented)
        valid, reason, detail = await self._judge_access_token(presented)
        return Inspection("access_token", valid, reason, detail, header, claims)

    async def _judge_access_token(self, presented: str) -> tuple[bool, str, str]:
        try:
            claims = await self._verifier.verify(presented)
        except TokenExpiredError:
            return False, "expired", f"it expired at {_shown(_read(presented)[1].expires_at)}"
        except InvalidTokenError as error:
            return False, error.reason, await self._explain(error, presented)
        if await self._profiles.find_current(claims.subject) is None:
            return False, *await self._why_no_tokens(claims.subject)
        return True, "valid", f"it is accepted until {_shown(claims.expires_at)}"

    async def _explain(self, error: InvalidTokenError, presented: str) -> str:
        if error.reason == "unknown_key":
            return await self._explain_key(jws.parse(presented, typ=TOKEN_TYPE).kid)
        if error.reason == "revoked":
            return await self._explain_revocation(*_read(presented))
        sentence = _SENTENCES[error.reason]
        return f"{sentence} ({error.because})" if error.because else sentence

    async def _explain_key(self, kid: str) -> str:
        known = next((key for key in await self._keys.list_keys() if key.kid == kid), None)
        if known is None:
            return "it names a key that is none of this service's"
        if known.revoked_at is not None:
            return f"its key was revoked at {_shown(known.revoked_at)}"
        return f"its key is gone since {known.gone_at and _shown(known.gone_at)}"

    async def _explain_revocation(self, kid: str, claims: AccessClaims) -> str:
        subjects = {
            Kind.SESSION: str(claims.session_id),
            Kind.TOKEN: claims.token_id,
            Kind.USER: str(claims.subject),
            Kind.KEY: kid,
        }
        async with self._database.statement() as db:
            entries = await self._revocations.list_refusing(db, subjects, claims.epoch)
        told = [f"the {entry.kind} {entry.subject} ({entry.reason}, {_shown(entry.created_at)})" for entry in entries]
        return "it is revoked by the entry for " + (" and ".join(told) or "something that was pruned meanwhile")

    async def _why_no_tokens(self, user_id: UUID) -> tuple[str, str]:
        try:
            await self._profiles.get(user_id)
        except UserNotFoundError:
            return "user_unknown", "there is no such user, or none any more"
        return "user_disabled", "its user is disabled"

    async def _inspect_refresh_token(self, presented: str) -> Inspection:
        token = self._refresh_tokens.parse(presented)
        if token is None:
            detail = "it is forged, cut or altered, or was made under another master secret"
            return Inspection(
                "refresh_token", valid=False, reason="not_genuine", detail=detail, header=None, claims=None
            )
        async with self._database.snapshot() as db:
            found = await self._repository.find_state(db, token.session_id)
            view = await self._repository.find_view(db, token.session_id)
            now = db.now
        if found is None or view is None:
            detail = "it is genuine, but its session is not there: pruned, deleted, or of another database"
            facts: dict[str, Any] = {"session_id": token.session_id, "generation": token.generation}
            return Inspection(
                "refresh_token", valid=False, reason="session_unknown", detail=detail, header=None, claims=facts
            )
        state, session = found
        verdict = judge(state, generation=token.generation, retry_key=None, now=now, leeway=self._leeway)
        reason, detail = self._explain_verdict(verdict, token, state, view)
        return Inspection("refresh_token", reason == "valid", reason, detail, None, _facts(token, state, session, view))

    def _explain_verdict(
        self, verdict: Verdict, token: PresentedToken, state: SessionState, view: SessionView
    ) -> tuple[str, str]:
        if verdict is Verdict.DEAD:
            if view.ended_at is None:
                return "user_disabled", "its user is disabled"
            return "session_ended", f"its session ended at {_shown(view.ended_at)} ({view.end_reason})"
        if verdict is Verdict.CLAIM_AGAIN:
            return "valid", f"it is the newest of its session, good until {_shown(state.idle_expires_at)}"
        used = f"it was used: generation {token.generation} of a session that is at {state.generation}"
        if verdict is Verdict.RETRY:
            return "used", f"{used}; until {_shown(state.rotated_at + self._leeway)} it gets the same successor again"
        return "used", f"{used}; presenting it again ends the session"


def _facts(token: PresentedToken, state: SessionState, session: LiveSession, view: SessionView) -> dict[str, Any]:
    return {
        "session_id": token.session_id,
        "generation": token.generation,
        "newest_generation": state.generation,
        "user_id": session.user_id,
        "username": session.username,
        "client": session.client,
        "scope": " ".join(session.scope),
        "created_at": view.created_at,
        "last_used_at": view.last_used_at,
        "idle_expires_at": state.idle_expires_at,
        "expires_at": state.expires_at,
        "ended_at": view.ended_at,
        "end_reason": view.end_reason,
    }


def _read(presented: str) -> tuple[str, AccessClaims]:
    """The `kid` and the claims of a token whose signature was verified before."""
    token = jws.parse(presented, typ=TOKEN_TYPE)
    return token.kid, AccessClaims.from_payload(token.payload)


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
