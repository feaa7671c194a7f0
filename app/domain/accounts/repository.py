"""Reads and writes users."""

from collections.abc import Collection, Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, Select, exc, false, func, insert, or_, select, update
from sqlalchemy import delete as delete_from

from app.clock import milliseconds
from app.database.dialects import contains_word, greatest, insert_what_is_free
from app.database.engine import Transaction, is_unique_violation
from app.domain.accounts.account import ADMIN, Account, Credentials, NewUser, UserFilter
from app.domain.accounts.errors import EmailTakenError, UsernameTakenError
from app.domain.accounts.models import User
from app.domain.accounts.standing import may_have_tokens

_ACCOUNT = (
    User.id,
    User.username,
    User.email,
    User.email_verified,
    User.is_active,
    User.roles,
    User.epoch,
    User.created_at,
    User.updated_at,
    User.last_login_at,
)
_ADMINISTRATORS_LOCK = 0x5160AD


class UserRepository:
    """Questions and statements about users."""

    async def insert(
        self, db: Transaction, account: Account, *, username_key: str, email_key: str | None, password_hash: str
    ) -> None:
        """Store a new user.

        Raises:
            UsernameTakenError, EmailTakenError: somebody has it; the transaction is spoilt.
        """
        await _taken_is_told(
            db, insert(User).values(_columns(NewUser(account, username_key, email_key, password_hash)))
        )

    async def insert_free(self, db: Transaction, users: Sequence[NewUser]) -> set[UUID]:
        """Store those of `users` whose name and address nobody has, by one statement; their ids."""
        if not users:
            return set()
        statement = insert_what_is_free(db.dialect, User).returning(User.id)
        return set((await db.execute(statement, [_columns(user) for user in users])).scalars())

    async def list_keys(
        self, db: Transaction, usernames: Collection[str], emails: Collection[str]
    ) -> list[tuple[str, str | None]]:
        """The keys of name and address of every user who has one of these names or addresses (some thousands)."""
        statement = select(User.username_key, User.email_key).where(
            or_(User.username_key.in_(usernames), User.email_key.in_(emails))
        )
        return [(row.username_key, row.email_key) for row in await db.execute(statement)]

    async def find_credentials(
        self, db: Transaction, kind: Literal["username", "email", "id"], key: str | UUID
    ) -> Credentials | None:
        """What to check a password of this user against."""
        column = {"username": User.username_key, "email": User.email_key, "id": User.id}[kind]
        statement = select(
            User.id, User.username, User.email, User.password_hash, may_have_tokens().label("may_have_tokens")
        ).where(column == key)
        row = (await db.execute(statement)).one_or_none()
        return None if row is None else Credentials(*row)

    async def claim_login(
        self, db: Transaction, user_id: UUID, *, verified: str, upgraded: str | None
    ) -> Account | None:
        """Note a log-in and take the users row, if the hash is still the one that was verified and tokens are allowed.

        A log-in that checked a password which was changed meanwhile gets nothing, and an upgraded hash cannot undo a
        password change.
        """
        values: dict[str, Any] = {"last_login_at": db.now}
        if upgraded is not None:
            values["password_hash"] = upgraded
        return await self._update(db, user_id, values, User.password_hash == verified, may_have_tokens())

    async def claim_password(self, db: Transaction, user_id: UUID, *, verified: str, **values: Any) -> Account | None:
        """Change `values`, if the hash is still the one that was verified and tokens are allowed; takes the row."""
        return await self._update(
            db, user_id, values | {"updated_at": db.now}, User.password_hash == verified, may_have_tokens()
        )

    async def find(self, db: Transaction, user_id: UUID) -> Account | None:
        """The user."""
        return _account((await db.execute(select(*_ACCOUNT).where(User.id == user_id))).one_or_none())

    async def find_current(self, db: Transaction, user_id: UUID) -> Account | None:
        """The user, if tokens are allowed now."""
        statement = select(*_ACCOUNT).where(User.id == user_id, may_have_tokens())
        return _account((await db.execute(statement)).one_or_none())

    async def get_keys(self, db: Transaction, user_id: UUID) -> tuple[str, str | None]:
        """The forms in which the user's name and address are compared."""
        row = (await db.execute(select(User.username_key, User.email_key).where(User.id == user_id))).one()
        return row.username_key, row.email_key

    async def find_by(self, db: Transaction, kind: Literal["username", "email"], key: str) -> Account | None:
        """The user of this name or address."""
        column = {"username": User.username_key, "email": User.email_key}[kind]
        return _account((await db.execute(select(*_ACCOUNT).where(column == key))).one_or_none())

    async def lock(self, db: Transaction, user_id: UUID) -> Account | None:
        """The user, whose row nobody else can take until this transaction ends."""
        statement = select(*_ACCOUNT).where(User.id == user_id).with_for_update()
        return _account((await db.execute(statement)).one_or_none())

    async def raise_epoch(self, db: Transaction, user_id: UUID, **values: Any) -> Account | None:
        """Refuse, from the epoch that is returned on, every access token issued before; takes the row.

        Milliseconds are the floor: an epoch raised after a failover still exceeds one that the failover lost.
        """
        epoch = greatest(User.epoch + 1, milliseconds(db.now))
        return await self._update(db, user_id, values | {"epoch": epoch, "updated_at": db.now})

    async def change(self, db: Transaction, user_id: UUID, **values: Any) -> Account | None:
        """Change `values`; takes the row.

        Raises:
            UsernameTakenError, EmailTakenError: somebody has it; the transaction is spoilt.
        """
        return await self._update(db, user_id, values | {"updated_at": db.now})

    async def delete(self, db: Transaction, user_id: UUID) -> None:
        """Remove the user and, by their foreign key, the sessions."""
        await db.execute(delete_from(User).where(User.id == user_id))

    async def lock_administrators(self, db: Transaction) -> None:
        """Wait for everybody else who may be removing an administrator (SQLite has one writer anyway)."""
        if db.dialect == "postgresql":
            await db.execute(select(func.pg_advisory_xact_lock(_ADMINISTRATORS_LOCK)))

    async def is_last_administrator(self, db: Transaction, user_id: UUID) -> bool:
        """Whether no other active administrator exists. Only true for long under `lock_administrators`."""
        others = (
            select(User.id)
            .where(User.id != user_id, User.is_active.is_(True), contains_word(User.roles, ADMIN))
            .limit(1)
        )
        return (await db.execute(others)).first() is None

    async def list_page(self, db: Transaction, which: UserFilter, *, after: UUID | None, limit: int) -> list[Account]:
        """Users in the order in which they came, `limit` at most."""
        statement = _filtered(select(*_ACCOUNT), which).order_by(User.id).limit(limit)
        if after is not None:
            statement = statement.where(User.id > after)
        return [_row_account(row) for row in await db.execute(statement)]

    async def _update(self, db: Transaction, user_id: UUID, values: dict[str, Any], *conditions: Any) -> Account | None:
        statement = update(User).where(User.id == user_id, *conditions).values(**values).returning(*_ACCOUNT)
        return _account((await _taken_is_told(db, statement)).one_or_none())


def _columns(user: NewUser) -> dict[str, Any]:
    return {column.key: getattr(user.account, column.key) for column in _ACCOUNT} | {
        "username_key": user.username_key,
        "email_key": user.email_key,
        "password_hash": user.password_hash,
    }


def _filtered(statement: Select[*tuple[Any, ...]], which: UserFilter) -> Select[*tuple[Any, ...]]:
    if "\0" in f"{which.search}{which.role}":  # no text of ours holds it, and neither database can be asked for it
        return statement.where(false())
    if which.search:
        key = which.search.casefold()
        statement = statement.where(
            User.username_key.contains(key, autoescape=True) | User.email_key.contains(key, autoescape=True)
        )
    if which.role:
        statement = statement.where(contains_word(User.roles, which.role))
    if which.is_active is not None:
        statement = statement.where(User.is_active.is_(which.is_active))
    return statement


async def _taken_is_told(db: Transaction, statement: Any) -> Any:
    try:
        return await db.execute(statement)
    except exc.IntegrityError as error:
        if is_unique_violation(error, "uq_users_username_key", "users.username_key"):
            raise UsernameTakenError from None
        if is_unique_violation(error, "uq_users_email_key", "users.email_key"):
            raise EmailTakenError from None
        raise


def _account(row: Row[*tuple[Any, ...]] | None) -> Account | None:
    return None if row is None else _row_account(row)


def _row_account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(*row)
