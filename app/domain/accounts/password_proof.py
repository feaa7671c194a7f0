"""Checks a password outside any transaction, then claims the user only if that password is still the one.

A log-in that was checking the old password while it was changed gets nothing; one that was right is not refused because
a log-in beside it upgraded the hash; and an upgrade cannot undo a password change.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Literal, TypeVar
from uuid import UUID

from app.crypto.passwords import PasswordHasher
from app.database.engine import Database, Transaction
from app.domain.accounts.account import Credentials
from app.domain.accounts.repository import UserRepository

_ROUNDS = 2
"""The hash may have changed while it was checked: it is then checked once more, against the new one."""
_Result = TypeVar("_Result")

Claim = Callable[[Transaction, Credentials, str | None], Awaitable[_Result | None]]
"""Claims the user by the verified hash and does the work, in the transaction it is handed; None: the claim failed.

The third argument is a better hash of the same password, to be stored by the claim, when there is one.
"""


class Refusal(Enum):
    """Why a password proved nothing. One answer outside, three events inside."""

    UNKNOWN_USER = "unknown_user"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # a reason's name
    USER_DISABLED = "user_disabled"


class PasswordProof:
    """Proof by password."""

    def __init__(self, *, database: Database, users: UserRepository, hasher: PasswordHasher) -> None:
        self._database = database
        self._users = users
        self._hasher = hasher

    async def prove(
        self,
        kind: Literal["username", "email", "id"],
        key: str | UUID | None,
        password: str,
        *,
        claim: Claim[_Result],
    ) -> tuple[_Result | Refusal, UUID | None]:
        """What `claim` made of the proven user, or why there was none; and the user's id where it is known.

        An unknown user costs the same hash as a known one. `key` None means: cannot exist.
        """
        credentials: Credentials | None = None
        checked: str | None = None
        for attempt in range(_ROUNDS):
            credentials = await self._find(kind, key)
            if attempt and (credentials is None or credentials.password_hash == checked):
                break
            checked = credentials.password_hash if credentials else None
            verdict = await self._hasher.verify(password, checked)
            if credentials is None:
                return Refusal.UNKNOWN_USER, None
            if not verdict.ok:
                return Refusal.WRONG_PASSWORD, credentials.user_id
            if not credentials.may_have_tokens:
                return Refusal.USER_DISABLED, credentials.user_id
            async with self._database.transaction() as db:
                result = await claim(db, credentials, verdict.upgraded)
            if result is not None:
                return result, credentials.user_id
        if credentials is not None and not credentials.may_have_tokens:
            return Refusal.USER_DISABLED, credentials.user_id
        return Refusal.WRONG_PASSWORD, credentials.user_id if credentials else None

    async def _find(self, kind: Literal["username", "email", "id"], key: str | UUID | None) -> Credentials | None:
        if key is None:
            return None
        async with self._database.statement() as db:
            return await self._users.find_credentials(db, kind, key)
