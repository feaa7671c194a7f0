"""Gives roles and takes them away."""

from uuid import UUID

from app.database.engine import Database
from app.domain.account_lifecycle.rights import Rights
from app.domain.accounts.account import ADMIN, MAX_ROLES, Account
from app.domain.accounts.errors import TooManyRolesError, UserNotFoundError
from app.domain.accounts.repository import UserRepository
from app.domain.accounts.roles import RoleNotFoundError, is_role
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin


class RoleChanges:
    """Changing a user's roles."""

    def __init__(self, *, database: Database, users: UserRepository, rights: Rights, audit: Audit) -> None:
        self._database = database
        self._users = users
        self._rights = rights
        self._audit = audit

    async def grant(self, user_id: UUID, role: str, *, actor_id: UUID | None, origin: Origin) -> Account:
        """Give a role; it is in the next token. Idempotent.

        Raises:
            RoleNotFoundError, UserNotFoundError, TooManyRolesError
        """
        if not is_role(role):
            raise RoleNotFoundError
        async with self._database.transaction() as db:
            user = await self._users.lock(db, user_id)
            if user is None:
                raise UserNotFoundError
            if role in user.roles:
                return user
            if len(user.roles) >= MAX_ROLES:
                raise TooManyRolesError
            changed = await self._users.change(db, user_id, roles=(*user.roles, role))
        if changed is None:
            raise UserNotFoundError
        self._audit.record(Event.ROLE_GRANTED, user_id=user_id, actor_id=actor_id, origin=origin, reason=role)
        return changed

    async def take(self, user_id: UUID, role: str, *, actor_id: UUID | None, origin: Origin) -> Account:
        """Take a role away: every live access token is refused, the sessions go on and the next refresh tells.

        A role that was not held: nothing changes, and the epoch stays.

        Raises:
            RoleNotFoundError, UserNotFoundError, LastAdministratorError
        """
        if not is_role(role):
            raise RoleNotFoundError
        async with self._database.transaction() as db:
            user = await self._rights.lock_for_removal(db, user_id)
            if role not in user.roles:
                return user
            if role == ADMIN:
                await self._rights.keep_an_administrator(db, user)
            left = tuple(other for other in user.roles if other != role)
            user = await self._rights.refuse_issued(db, user_id, reason="role_taken", roles=left)
        self._audit.record(Event.ROLE_TAKEN, user_id=user_id, actor_id=actor_id, origin=origin, reason=role)
        return user
