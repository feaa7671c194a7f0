"""Disables and enables users, and signs them out everywhere."""

from uuid import UUID

from app.database.engine import Database
from app.domain.account_lifecycle.rights import Rights
from app.domain.accounts.account import Account
from app.domain.accounts.errors import UserNotFoundError
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.sessions.session import EndReason


class Activation:
    """Whether a user may sign in, and signing out everywhere."""

    def __init__(self, *, database: Database, users: UserRepository, rights: Rights, audit: Audit) -> None:
        self._database = database
        self._users = users
        self._rights = rights
        self._audit = audit

    async def disable(self, user_id: UUID, *, actor_id: UUID | None, origin: Origin) -> Account:
        """End every session and refuse every token of the user until they are enabled; idempotent.

        Raises:
            UserNotFoundError, LastAdministratorError
        """
        async with self._database.transaction() as db:
            user = await self._rights.lock_for_removal(db, user_id)
            if not user.is_active:
                return user
            await self._rights.keep_an_administrator(db, user)
            user = await self._rights.end_everything(db, user_id, EndReason.USER_DISABLED, is_active=False)
        self._audit.record(Event.USER_DISABLED, user_id=user_id, actor_id=actor_id, origin=origin)
        return user

    async def enable(self, user_id: UUID, *, actor_id: UUID | None, origin: Origin) -> Account:
        """Let the user sign in again; idempotent.

        Raises:
            UserNotFoundError: there is none.
        """
        async with self._database.transaction() as db:
            user = await self._users.lock(db, user_id)
            if user is None:
                raise UserNotFoundError
            if user.is_active:
                return user
            user = await self._users.change(db, user_id, is_active=True)
        if user is None:
            raise UserNotFoundError
        self._audit.record(Event.USER_ENABLED, user_id=user_id, actor_id=actor_id, origin=origin)
        return user

    async def sign_out_everywhere(
        self, user_id: UUID, reason: EndReason, *, actor_id: UUID | None, origin: Origin
    ) -> None:
        """End every session and refuse every access token issued until now.

        Raises:
            UserNotFoundError: there is none.
        """
        async with self._database.transaction() as db:
            await self._rights.end_everything(db, user_id, reason)
        self._audit.record(Event.SESSION_ENDED, user_id=user_id, actor_id=actor_id, reason=reason, origin=origin)
