"""Changes a password: every other session ends, the caller's goes on."""

from uuid import UUID

from app.crypto.passwords import PasswordHasher
from app.database.engine import Transaction
from app.domain.accounts.account import Account, Credentials
from app.domain.accounts.errors import InvalidCurrentPasswordError
from app.domain.accounts.password_policy import PasswordPolicy
from app.domain.accounts.password_proof import PasswordProof, Refusal
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.sessions.endings import SessionEndings
from app.domain.sessions.session import EndReason
from app.domain.tokens.errors import InvalidTokenError


class PasswordChange:
    """Changing one's own password."""

    def __init__(
        self,
        *,
        users: UserRepository,
        proof: PasswordProof,
        hasher: PasswordHasher,
        policy: PasswordPolicy,
        endings: SessionEndings,
        audit: Audit,
    ) -> None:
        self._users = users
        self._proof = proof
        self._hasher = hasher
        self._policy = policy
        self._endings = endings
        self._audit = audit

    async def change(
        self, user: Account, session_id: UUID, *, current_password: str, new_password: str, origin: Origin
    ) -> None:
        """Set a new password and end the user's other sessions.

        Raises:
            InvalidCurrentPasswordError: the current one is wrong, or was changed meanwhile.
            PasswordRejectedError: the new one breaks a rule; it says which.
            InvalidTokenError: the caller's own session has ended meanwhile.
        """
        self._policy.check(new_password, username=user.username, email=user.email, loc=("new_password",))
        new_hash = await self._hasher.hash(new_password)

        async def claim(db: Transaction, credentials: Credentials, _upgraded: str | None) -> bool | None:
            changed = await self._users.claim_password(
                db, user.id, verified=credentials.password_hash, password_hash=new_hash
            )
            if changed is None:
                return None
            if not await self._endings.is_live(db, session_id):
                raise InvalidTokenError(
                    "session_ended"
                )  # whoever ended it must not find the password changed by it afterwards
            await self._endings.end_others(db, user.id, but=session_id, reason=EndReason.PASSWORD_CHANGED)
            return True

        changed, _ = await self._proof.prove("id", user.id, current_password, claim=claim)
        if isinstance(changed, Refusal):
            self._audit.record(Event.CURRENT_PASSWORD_WRONG, outcome="failure", user_id=user.id, origin=origin)
            raise InvalidCurrentPasswordError
        self._audit.record(Event.PASSWORD_CHANGED, user_id=user.id, session_id=session_id, origin=origin)
