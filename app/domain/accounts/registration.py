"""Makes users: by registering, or by the operator's hand."""

from app.clock import milliseconds
from app.crypto.passwords import PasswordHasher
from app.database.engine import Database
from app.domain.accounts.account import Account
from app.domain.accounts.errors import RegistrationClosedError
from app.domain.accounts.identifiers import normalise_email, normalise_username
from app.domain.accounts.password_policy import PasswordPolicy
from app.domain.accounts.repository import UserRepository
from app.domain.accounts.roles import check_roles
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.ids import new_id


class Registration:
    """Making users."""

    def __init__(
        self,
        *,
        database: Database,
        users: UserRepository,
        hasher: PasswordHasher,
        policy: PasswordPolicy,
        audit: Audit,
        open_to_all: bool,
    ) -> None:
        self._database = database
        self._users = users
        self._hasher = hasher
        self._policy = policy
        self._audit = audit
        self._open_to_all = open_to_all

    async def register(self, username: str, password: str, *, email: str | None, origin: Origin) -> Account:
        """A new user with no role.

        Raises:
            RegistrationClosedError: only the operator makes users here.
            RuleViolationError: the username, the address or the password breaks a rule; it says which.
            UsernameTakenError, EmailTakenError: somebody has it.
            UnavailableError: too many passwords are being hashed, or the database is away.
        """
        if not self._open_to_all:
            raise RegistrationClosedError
        account = await self._create(username, password, email=email, roles=())
        self._audit.record(Event.USER_REGISTERED, user_id=account.id, origin=origin)
        return account

    async def create(
        self, username: str, password: str, *, email: str | None, roles: tuple[str, ...], origin: Origin
    ) -> Account:
        """A new user by the operator's hand, open registration or not; errors as in `register`."""
        check_roles(roles)
        account = await self._create(username, password, email=email, roles=roles)
        self._audit.record(Event.USER_CREATED, user_id=account.id, origin=origin)
        return account

    async def _create(self, username: str, password: str, *, email: str | None, roles: tuple[str, ...]) -> Account:
        username, username_key = normalise_username(username)
        email, email_key = normalise_email(email) if email is not None else (None, None)
        self._policy.check(password, username=username, email=email)
        password_hash = await self._hasher.hash(password)
        async with self._database.transaction() as db:
            account = Account(
                id=new_id(),
                username=username,
                email=email,
                email_verified=False,
                is_active=True,
                roles=roles,
                epoch=milliseconds(db.now),
                created_at=db.now,
                updated_at=db.now,
                last_login_at=None,
            )
            await self._users.insert(
                db, account, username_key=username_key, email_key=email_key, password_hash=password_hash
            )
        return account
