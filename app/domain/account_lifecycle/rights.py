"""Takes rights away from a user inside a transaction, so that every worker refuses what was issued before."""

from typing import Any
from uuid import UUID

from app.database.engine import Transaction
from app.domain.accounts.account import Account
from app.domain.accounts.errors import LastAdministratorError, UserNotFoundError
from app.domain.accounts.repository import UserRepository
from app.domain.sessions.endings import SessionEndings
from app.domain.sessions.session import EndReason


class Rights:
    """The shared steps of the journeys in this package."""

    def __init__(self, *, users: UserRepository, endings: SessionEndings) -> None:
        self._users = users
        self._endings = endings

    async def lock_for_removal(self, db: Transaction, user_id: UUID) -> Account:
        """The user, with their row taken, after waiting for everybody else who may be removing an administrator.

        Raises:
            UserNotFoundError: there is none.
        """
        await self._users.lock_administrators(db)
        user = await self._users.lock(db, user_id)
        if user is None:
            raise UserNotFoundError
        return user

    async def keep_an_administrator(self, db: Transaction, user: Account) -> None:
        """Raise LastAdministratorError when nobody else could administer; call it after `lock_for_removal`."""
        if user.is_administrator and user.is_active and await self._users.is_last_administrator(db, user.id):
            raise LastAdministratorError

    async def refuse_issued(self, db: Transaction, user_id: UUID, *, reason: str, **values: Any) -> Account:
        """Change `values` and have every access token issued before refused; sessions go on.

        Raises:
            UserNotFoundError: there is none.
        """
        user = await self._users.raise_epoch(db, user_id, **values)
        if user is None:
            raise UserNotFoundError
        await self._endings.refuse_below(db, user_id, user.epoch, reason=reason)
        return user

    async def end_everything(self, db: Transaction, user_id: UUID, reason: EndReason, **values: Any) -> Account:
        """Change `values`, have every access token refused and end every session.

        Raises:
            UserNotFoundError: there is none.
        """
        user = await self._users.raise_epoch(db, user_id, **values)
        if user is None:
            raise UserNotFoundError
        await self._endings.end_all(db, user_id, reason)
        await self._endings.refuse_below(db, user_id, user.epoch, reason=reason)
        return user
