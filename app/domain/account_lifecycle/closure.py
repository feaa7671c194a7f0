"""Deletes accounts, and everything that is known about the person."""

from uuid import UUID

from app.database.engine import Database, Transaction
from app.domain.account_lifecycle.rights import Rights
from app.domain.accounts.account import Account, Credentials
from app.domain.accounts.errors import InvalidCurrentPasswordError
from app.domain.accounts.password_proof import PasswordProof, Refusal
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.sessions.session import EndReason


class Closure:
    """Deleting users. Only ids remain: in revocations, while a token of theirs could live."""

    def __init__(
        self, *, database: Database, users: UserRepository, proof: PasswordProof, rights: Rights, audit: Audit
    ) -> None:
        self._database = database
        self._users = users
        self._proof = proof
        self._rights = rights
        self._audit = audit

    async def close_own(self, user_id: UUID, *, current_password: str, origin: Origin) -> None:
        """Delete one's own account.

        Raises:
            InvalidCurrentPasswordError: the password is wrong, or was changed meanwhile.
            LastAdministratorError: nobody else could administer.
        """

        async def claim(db: Transaction, credentials: Credentials, _upgraded: str | None) -> Account | None:
            await self._users.lock_administrators(db)
            user = await self._users.claim_password(db, user_id, verified=credentials.password_hash)
            if user is not None:
                await self._close(db, user)
            return user

        closed, _ = await self._proof.prove("id", user_id, current_password, claim=claim)
        if isinstance(closed, Refusal):
            self._audit.record(Event.CURRENT_PASSWORD_WRONG, outcome="failure", user_id=user_id, origin=origin)
            raise InvalidCurrentPasswordError
        self._audit.record(Event.USER_DELETED, user_id=user_id, actor_id=user_id, origin=origin)

    async def close(self, user_id: UUID, *, actor_id: UUID | None, origin: Origin) -> None:
        """Delete a user, as an administrator.

        Raises:
            UserNotFoundError, LastAdministratorError
        """
        async with self._database.transaction() as db:
            await self._close(db, await self._rights.lock_for_removal(db, user_id))
        self._audit.record(Event.USER_DELETED, user_id=user_id, actor_id=actor_id, origin=origin)

    async def _close(self, db: Transaction, user: Account) -> None:
        await self._rights.keep_an_administrator(db, user)
        await self._rights.end_everything(db, user.id, EndReason.USER_DELETED)
        await self._users.delete(db, user.id)
