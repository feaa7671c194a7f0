"""Everything the doors call, as one frozen value; and how it starts and stops."""

import asyncio
from dataclasses import dataclass

import structlog

from app.clock import Clock
from app.crypto.passwords import PasswordHasher
from app.crypto.sealing import Sealer
from app.database.engine import Database, DatabaseUnavailableError
from app.domain.account_lifecycle.activation import Activation
from app.domain.account_lifecycle.closure import Closure
from app.domain.account_lifecycle.own_data import OwnDataExport
from app.domain.account_lifecycle.password_change import PasswordChange
from app.domain.account_lifecycle.roles import RoleChanges
from app.domain.accounts.importing import UserImport
from app.domain.accounts.profile import Profiles
from app.domain.accounts.registration import Registration
from app.domain.audit.events import Audit
from app.domain.housekeeping.diagnosis import Diagnosis
from app.domain.housekeeping.jobs import Housekeeping
from app.domain.housekeeping.readiness import Readiness
from app.domain.keys.keyring import Keyring
from app.domain.keys.service import SigningKeys
from app.domain.login.service import Login
from app.domain.revocation.service import Revocations
from app.domain.sessions.endings import SessionEndings
from app.domain.sessions.inspection import TokenInspection
from app.domain.sessions.service import Sessions
from app.domain.tokens.verifier import TokenVerifier
from app.settings import Settings

_HASHERS_START_AFTER = 1.0
_log = structlog.get_logger("signet")


@dataclass(frozen=True)
class Services:
    """Everything the doors call."""

    settings: Settings
    clock: Clock
    audit: Audit
    database: Database
    hasher: PasswordHasher
    keyring: Keyring
    keys: SigningKeys
    revocations: Revocations
    verifier: TokenVerifier
    registration: Registration
    user_import: UserImport
    profiles: Profiles
    login: Login
    sessions: Sessions
    session_endings: SessionEndings
    password_change: PasswordChange
    activation: Activation
    roles: RoleChanges
    closure: Closure
    own_data: OwnDataExport
    inspection: TokenInspection
    readiness: Readiness
    diagnosis: Diagnosis
    housekeeping: Housekeeping
    cursor_sealer: Sealer
    extra_header: bytes | None

    async def start(self) -> None:
        """Load keys and revocations, and begin what runs by itself.

        Without a database a worker starts all the same, is not ready, and heals when it answers: one that is replaced
        during an outage must not take the others down.

        Raises:
            KeysSealedError: a signing key opens under none of the master secrets.
        """
        try:
            await self.keys.ensure()
        except DatabaseUnavailableError as error:
            _log.warning("started without the database, not ready until it answers", reason=error.reason)
        await self.revocations.start()
        await self.housekeeping.start()
        # Being ready comes first; a log-in that comes sooner starts the processes itself.
        asyncio.get_running_loop().call_later(_HASHERS_START_AFTER, self.hasher.start)

    async def stop(self) -> None:
        """End what runs by itself and give everything back."""
        await self.housekeeping.stop()
        await self.revocations.stop()
        self.hasher.close()
        await self.database.dispose()
