"""Opens sessions and moves them on: the refresh, in one transaction, decided inside and raised outside."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.database.engine import Database, Transaction
from app.domain.accounts.account import Account
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.revocation.service import Revocations
from app.domain.sessions.errors import InvalidRefreshTokenError
from app.domain.sessions.refresh_token import PresentedToken, RefreshTokens
from app.domain.sessions.repository import NewSession, SessionRepository, least_recently_used, with_ids
from app.domain.sessions.rotation import Verdict, judge
from app.domain.sessions.scopes import ScopePolicy
from app.domain.sessions.session import FIRST_PARTY, EndReason, LiveSession, SessionTokens
from app.domain.tokens.issuer import TokenIssuer
from app.errors import UnavailableError
from app.ids import new_id

_CLAIMS_AT_MOST = 4
"""A claim that should have matched is tried again this often before the answer is 503."""


@dataclass(frozen=True)
class Lifetimes:
    """How long things live."""

    access: timedelta
    session: timedelta
    idle: timedelta
    leeway: timedelta


@dataclass(frozen=True)
class _Outcome:
    """How one attempt at a refresh ended; `session` is there when tokens may be issued."""

    verdict: Verdict | None
    now: datetime
    session: LiveSession | None = None


class Sessions:
    """Opening and refreshing."""

    def __init__(
        self,
        *,
        database: Database,
        repository: SessionRepository,
        refresh_tokens: RefreshTokens,
        issuer: TokenIssuer,
        revocations: Revocations,
        audit: Audit,
        scopes: ScopePolicy,
        lifetimes: Lifetimes,
        per_user: int,
    ) -> None:
        self._database = database
        self._repository = repository
        self._refresh_tokens = refresh_tokens
        self._issuer = issuer
        self._revocations = revocations
        self._audit = audit
        self._scopes = scopes
        self._lifetimes = lifetimes
        self._per_user = per_user

    async def open(
        self, db: Transaction, user: Account, *, asked_scope: str | None, amr: tuple[str, ...], origin: Origin
    ) -> LiveSession:
        """Open a session for a user whose row this transaction has claimed.

        One more than the user may have ends the one used longest ago.
        """
        self._issuer.require_key(db.now)
        lifetimes = self._lifetimes
        expires_at = db.now + lifetimes.session
        new = NewSession(
            id=new_id(),
            user_id=user.id,
            client=FIRST_PARTY,
            scope=self._scopes.grant(asked_scope, user.roles),
            amr=amr,
            access_expires_at=min(db.now + lifetimes.access, expires_at),
            idle_expires_at=min(db.now + lifetimes.idle, expires_at),
            expires_at=expires_at,
            ip=origin.ip,
            user_agent=origin.user_agent,
        )
        others = await self._repository.insert(db, new)
        if others >= self._per_user:
            await self._end_least_recently_used(db, user.id, but=new.id, count=others - self._per_user + 1)
        return LiveSession(
            id=new.id,
            user_id=user.id,
            client=new.client,
            scope=new.scope,
            amr=amr,
            auth_time=db.now,
            generation=0,
            access_expires_at=new.access_expires_at,
            idle_expires_at=new.idle_expires_at,
            username=user.username,
            roles=user.roles,
            epoch=user.epoch,
        )

    async def refresh(self, presented: str, *, idempotency_key: str | None, origin: Origin) -> SessionTokens:
        """Rotate: the successor of `presented` and a fresh access token.

        A retry within the leeway, or with the Idempotency-Key of that rotation, gets the same successor.

        Raises:
            InvalidRefreshTokenError: forged, dead, unknown, or used before (which ends the session).
            UnavailableError: the session could not be moved now; nothing was decided.
        """
        token = self._refresh_tokens.parse(presented)
        if token is None:
            self._audit.record(Event.REFRESH_TOKEN_FORGED, outcome="failure", origin=origin)
            raise InvalidRefreshTokenError
        retry_key = hashlib.sha256(idempotency_key.encode()).digest() if idempotency_key is not None else None
        for _ in range(_CLAIMS_AT_MOST):
            async with self._database.transaction() as db:
                outcome = await self._attempt(db, token, retry_key, origin)
            if outcome.session is not None:
                return self.issue(outcome.session, outcome.now)
            if outcome.verdict is not Verdict.CLAIM_AGAIN:
                raise InvalidRefreshTokenError
        raise UnavailableError

    def issue(self, session: LiveSession, now: datetime) -> SessionTokens:
        """The tokens of a session as it stands: the refresh token of its generation and a fresh access token."""
        scope = self._scopes.still_allowed(session.scope, session.roles)
        access = self._issuer.issue(
            user_id=session.user_id,
            username=session.username,
            roles=session.roles,
            epoch=session.epoch,
            session_id=session.id,
            client=session.client,
            scope=scope,
            auth_time=session.auth_time,
            amr=session.amr,
            now=now,
            not_after=session.access_expires_at,
        )
        return SessionTokens(
            session_id=session.id,
            access_token=access.text,
            expires_in=max(int((access.expires_at - now).total_seconds()), 0),
            refresh_token=self._refresh_tokens.make(session.id, session.generation),
            refresh_expires_in=max(int((session.idle_expires_at - now).total_seconds()), 0),
            scope=scope,
        )

    async def _attempt(
        self, db: Transaction, token: PresentedToken, retry_key: bytes | None, origin: Origin
    ) -> _Outcome:
        self._issuer.require_key(db.now)
        claimed = await self._repository.claim(
            db,
            token.session_id,
            token.generation,
            retry_key=retry_key,
            idle_expires_at=db.now + self._lifetimes.idle,
            access_expires_at=db.now + self._lifetimes.access,
        )
        if claimed is not None:
            return _Outcome(None, db.now, claimed)
        found = await self._repository.find_state(db, token.session_id)
        verdict = judge(
            found and found[0],
            generation=token.generation,
            retry_key=retry_key,
            now=db.now,
            leeway=self._lifetimes.leeway,
        )
        if verdict is Verdict.RETRY and found is not None:
            return await self._retry(db, found[1])
        if verdict is Verdict.REUSED:
            await self._end_for_reuse(db, token.session_id, origin)
        elif verdict in {Verdict.UNKNOWN, Verdict.DEAD}:
            event = Event.SESSION_UNKNOWN if verdict is Verdict.UNKNOWN else Event.SESSION_REFUSED
            self._audit.record(event, outcome="failure", session_id=token.session_id, origin=origin)
        return _Outcome(verdict, db.now)

    async def _retry(self, db: Transaction, session: LiveSession) -> _Outcome:
        """The same successor again. The window does not slide; only too short an access token is lengthened first."""
        lifetime = self._lifetimes.access
        if session.access_expires_at - db.now >= lifetime / 2:
            return _Outcome(Verdict.RETRY, db.now, session)
        raised = await self._repository.raise_access_expiry(db, session.id, session.generation, db.now + lifetime)
        if raised is None:
            return _Outcome(Verdict.CLAIM_AGAIN, db.now)
        return _Outcome(Verdict.RETRY, db.now, replace(session, access_expires_at=raised))

    async def _end_for_reuse(self, db: Transaction, session_id: UUID, origin: Origin) -> None:
        """End the session; of several replays at once the first does, and is the one that is recorded."""
        for session in await self._repository.end(db, EndReason.REFRESH_TOKEN_REUSED, with_ids([session_id])):
            await self._revocations.revoke_session(
                db,
                session.id,
                reason=EndReason.REFRESH_TOKEN_REUSED,
                access_expires_at=session.access_expires_at,
            )
            db.after_commit(
                lambda: self._audit.record(
                    Event.REFRESH_TOKEN_REUSED, outcome="failure", session_id=session_id, origin=origin
                )
            )

    async def _end_least_recently_used(self, db: Transaction, user_id: UUID, *, but: UUID, count: int) -> None:
        which = least_recently_used(user_id, but=but, count=count, now=db.now)
        ended = await self._repository.end(db, EndReason.LIMIT, which)
        await self._revocations.revoke_sessions(
            db, [(session.id, session.access_expires_at) for session in ended], reason=EndReason.LIMIT
        )
