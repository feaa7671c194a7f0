"""Ends sessions, and has every worker refuse their access tokens."""

from uuid import UUID

from app.database.engine import Database, Transaction
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.revocation.service import Revocations
from app.domain.sessions.errors import SessionNotFoundError
from app.domain.sessions.refresh_token import RefreshTokens
from app.domain.sessions.repository import SessionRepository, of_user, other_than, with_ids
from app.domain.sessions.session import EndReason, SessionView


class SessionEndings:
    """Logging out, ending one of one's own sessions, and ending many as part of a larger journey."""

    def __init__(
        self,
        *,
        database: Database,
        repository: SessionRepository,
        refresh_tokens: RefreshTokens,
        revocations: Revocations,
        audit: Audit,
    ) -> None:
        self._database = database
        self._repository = repository
        self._refresh_tokens = refresh_tokens
        self._revocations = revocations
        self._audit = audit

    async def logout(self, session_id: UUID, *, origin: Origin) -> None:
        """End the session that the caller's own token has proven; again and again is as good as once.

        The revocation is written even when no live row matched (a failover may have lost it), unless one lives as
        long already.
        """
        async with self._database.transaction() as db:
            ended = await self._repository.end(db, EndReason.LOGOUT, with_ids([session_id]))
            expiry = ended[0].access_expires_at if ended else None
            await self._revocations.revoke_session_once(
                db, session_id, reason=EndReason.LOGOUT, access_expires_at=expiry
            )
        if ended:
            self._audit.record(Event.SESSION_ENDED, session_id=session_id, reason=EndReason.LOGOUT, origin=origin)

    async def logout_with_refresh_token(self, presented: str, *, origin: Origin) -> None:
        """End the session of a genuine refresh token of any generation; a forged one ends nothing, which is no error.

        RFC 7009 section 2.2: an invalid token is no error to a client that wants it to be invalid.
        """
        token = self._refresh_tokens.parse(presented)
        if token is None:
            self._audit.record(Event.REFRESH_TOKEN_FORGED, outcome="failure", origin=origin)
            return
        await self.logout(token.session_id, origin=origin)

    async def end_own(self, user_id: UUID, session_id: UUID, *, origin: Origin) -> None:
        """End one of the user's own sessions; one that has ended already stays as it ended.

        Raises:
            SessionNotFoundError: it is not theirs.
        """
        async with self._database.transaction() as db:
            ended = await self._repository.end(db, EndReason.ENDED_BY_USER, with_ids([session_id]), of_user(user_id))
            if not ended and not await self._repository.exists(db, session_id, user_id):
                raise SessionNotFoundError
            await self._revocations.revoke_sessions(
                db, [(session.id, session.access_expires_at) for session in ended], reason=EndReason.ENDED_BY_USER
            )
        if ended:
            self._audit.record(
                Event.SESSION_ENDED,
                user_id=user_id,
                session_id=session_id,
                reason=EndReason.ENDED_BY_USER,
                origin=origin,
            )

    async def end_all(self, db: Transaction, user_id: UUID, reason: EndReason) -> None:
        """End every session of a user whose row this transaction holds. The caller raises the epoch beside it."""
        await self._repository.end(db, reason, of_user(user_id))

    async def end_others(self, db: Transaction, user_id: UUID, *, but: UUID, reason: EndReason) -> None:
        """End every session of a user whose row this transaction holds, except one, and refuse their access tokens."""
        ended = await self._repository.end(db, reason, of_user(user_id), other_than(but))
        await self._revocations.revoke_sessions(
            db, [(session.id, session.access_expires_at) for session in ended], reason=reason
        )

    async def is_live(self, db: Transaction, session_id: UUID) -> bool:
        """Whether the session has not ended."""
        return await self._repository.is_live(db, session_id)

    async def refuse_below(self, db: Transaction, user_id: UUID, epoch: int, *, reason: str) -> None:
        """Have every worker refuse the user's access tokens of an earlier epoch."""
        await self._revocations.revoke_user(
            db,
            user_id,
            min_epoch=epoch,
            reason=reason,
            access_expires_at=await self._repository.latest_access_expiry(db, user_id),
        )

    async def list_page(self, user_id: UUID, *, ended: bool, before: UUID | None, limit: int) -> list[SessionView]:
        """The user's sessions, newest first; with `ended` also those that have ended, each with its reason."""
        async with self._database.statement() as db:
            return await self._repository.list_page(db, user_id, ended=ended, before=before, limit=limit)

    async def count_live(self, user_id: UUID) -> int:
        """How many sessions of the user have not ended."""
        async with self._database.statement() as db:
            return await self._repository.count_live(db, user_id)
