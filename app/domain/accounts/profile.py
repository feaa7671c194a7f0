"""Reads and changes what is known about a user, apart from passwords, roles and sessions."""

from uuid import UUID

from app.database.engine import Database, Transaction
from app.domain.accounts.account import Account, Credentials, UserFilter
from app.domain.accounts.errors import InvalidCurrentPasswordError, UserNotFoundError
from app.domain.accounts.identifiers import identifier_key, normalise_email, normalise_username
from app.domain.accounts.password_proof import PasswordProof, Refusal
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.ids import parse_id


class Profiles:
    """Looking users up and changing their names and addresses."""

    def __init__(self, *, database: Database, users: UserRepository, proof: PasswordProof, audit: Audit) -> None:
        self._database = database
        self._users = users
        self._proof = proof
        self._audit = audit

    async def find_current(self, user_id: UUID) -> Account | None:
        """The user behind an access token, as they are now; None when they may have no tokens any more."""
        async with self._database.statement() as db:
            return await self._users.find_current(db, user_id)

    async def get(self, user_id: UUID) -> Account:
        """The user.

        Raises:
            UserNotFoundError: there is none.
        """
        async with self._database.statement() as db:
            return _found(await self._users.find(db, user_id))

    async def get_named(self, identifier: str) -> Account:
        """The user of this id, username or e-mail address; where two could be meant, the one of the id.

        Raises:
            UserNotFoundError: there is none.
        """
        user_id, named = parse_id(identifier), identifier_key(identifier)
        async with self._database.statement() as db:
            found = await self._users.find(db, user_id) if user_id else None
            if found is None and named is not None:
                found = await self._users.find_by(db, *named)
        return _found(found)

    async def list_page(self, which: UserFilter, *, after: UUID | None, limit: int) -> list[Account]:
        """Users in the order in which they came."""
        async with self._database.statement() as db:
            return await self._users.list_page(db, which, after=after, limit=limit)

    async def change_own_email(
        self, user_id: UUID, email: str | None, *, current_password: str, origin: Origin
    ) -> Account:
        """Change one's own address (None removes it); it is then unverified.

        Raises:
            RuleViolationError: it is no address.
            InvalidCurrentPasswordError: the password is wrong.
            EmailTakenError: somebody has it.
        """
        email, email_key = normalise_email(email) if email is not None else (None, None)

        async def claim(db: Transaction, credentials: Credentials, _upgraded: str | None) -> Account | None:
            return await self._users.claim_password(
                db,
                user_id,
                verified=credentials.password_hash,
                email=email,
                email_key=email_key,
                email_verified=False,
            )

        changed, _ = await self._proof.prove("id", user_id, current_password, claim=claim)
        if isinstance(changed, Refusal):
            self._audit.record(Event.CURRENT_PASSWORD_WRONG, outcome="failure", user_id=user_id, origin=origin)
            raise InvalidCurrentPasswordError
        self._audit.record(Event.EMAIL_CHANGED, user_id=user_id, origin=origin)
        return changed

    async def change(
        self,
        user_id: UUID,
        *,
        given: dict[str, str | bool | None],
        actor_id: UUID,
        origin: Origin,
    ) -> Account:
        """Change, as an administrator, those of `username`, `email` and `email_verified` that are given.

        A changed address is unverified unless it is said to be verified in the same breath.

        Raises:
            UserNotFoundError, RuleViolationError, UsernameTakenError, EmailTakenError
        """
        values: dict[str, str | bool | None] = {}
        if isinstance(username := given.get("username"), str):
            values["username"], values["username_key"] = normalise_username(username)
        if "email" in given:
            email = given["email"]
            values["email"], values["email_key"] = normalise_email(email) if isinstance(email, str) else (None, None)
        async with self._database.transaction() as db:
            before = _found(await self._users.lock(db, user_id))
            if "email" in values and values["email"] != before.email:
                values["email_verified"] = False
            if "email_verified" in given:
                values["email_verified"] = (
                    bool(given["email_verified"]) and values.get("email", before.email) is not None
                )
            if not values:
                return before
            changed = _found(await self._users.change(db, user_id, **values))
        self._audit.record(Event.USER_UPDATED, user_id=user_id, actor_id=actor_id, origin=origin)
        return changed


def _found(account: Account | None) -> Account:
    if account is None:
        raise UserNotFoundError
    return account
