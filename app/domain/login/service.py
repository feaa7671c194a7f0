"""Logs a person in: from an identifier and a password to a session."""

from datetime import datetime

from app.database.engine import Transaction
from app.domain.accounts.account import Credentials
from app.domain.accounts.errors import InvalidCredentialsError
from app.domain.accounts.identifiers import identifier_key
from app.domain.accounts.password_proof import PasswordProof, Refusal
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.sessions.service import Sessions
from app.domain.sessions.session import LiveSession, SessionTokens

_EVENTS = {
    Refusal.UNKNOWN_USER: Event.LOGIN_UNKNOWN_USER,
    Refusal.WRONG_PASSWORD: Event.LOGIN_WRONG_PASSWORD,
    Refusal.USER_DISABLED: Event.LOGIN_USER_DISABLED,
}


class Login:
    """Logging in."""

    def __init__(self, *, users: UserRepository, proof: PasswordProof, sessions: Sessions, audit: Audit) -> None:
        self._users = users
        self._proof = proof
        self._sessions = sessions
        self._audit = audit

    async def with_password(
        self, identifier: str, password: str, *, scope: str | None, origin: Origin
    ) -> SessionTokens:
        """The tokens of a new session. `identifier` is a username or, with an `@`, an e-mail address.

        Three statements: read, claim, insert (RFC 8176: the method is `pwd`).

        Raises:
            InvalidCredentialsError: unknown user, wrong password or disabled: one answer, one time.
            UnavailableError: too many passwords are being hashed, or the database is away.
        """

        async def claim(
            db: Transaction, credentials: Credentials, upgraded: str | None
        ) -> tuple[LiveSession, datetime] | None:
            user = await self._users.claim_login(
                db, credentials.user_id, verified=credentials.password_hash, upgraded=upgraded
            )
            if user is None:
                return None
            session = await self._sessions.open(db, user, asked_scope=scope, amr=("pwd",), origin=origin)
            if upgraded is not None:
                db.after_commit(lambda: self._audit.record(Event.PASSWORD_UPGRADED, user_id=user.id, origin=origin))
            return session, db.now

        kind, key = identifier_key(identifier) or ("username", None)
        opened, user_id = await self._proof.prove(kind, key, password, claim=claim)
        if isinstance(opened, Refusal):
            self._audit.record(_EVENTS[opened], outcome="failure", user_id=user_id, origin=origin)
            raise InvalidCredentialsError
        session, now = opened
        self._audit.record(Event.LOGIN_SUCCEEDED, user_id=user_id, session_id=session.id, origin=origin)
        return self._sessions.issue(session, now)
