"""Builds the object graph, once, from the settings and a clock. Nothing else reads the settings' values."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import URL

from app.clock import Clock
from app.crypto.derive import MasterSecrets
from app.crypto.master_secret import read_or_make
from app.crypto.passwords import PasswordHasher
from app.crypto.sealing import Sealer
from app.database import dialects
from app.database.engine import Database, DatabaseUnavailableError
from app.domain.account_lifecycle.activation import Activation
from app.domain.account_lifecycle.closure import Closure
from app.domain.account_lifecycle.password_change import PasswordChange
from app.domain.account_lifecycle.rights import Rights
from app.domain.account_lifecycle.roles import RoleChanges
from app.domain.accounts.password_lists import BreachedListError, common_passwords, load_breached
from app.domain.accounts.password_policy import PasswordPolicy
from app.domain.accounts.password_proof import PasswordProof
from app.domain.accounts.profile import Profiles
from app.domain.accounts.registration import Registration
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit
from app.domain.housekeeping.jobs import Housekeeping
from app.domain.housekeeping.readiness import Readiness
from app.domain.keys.keyring import Keyring
from app.domain.keys.service import SigningKeys
from app.domain.login.service import Login
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.postgres_feed import PostgresFollower
from app.domain.revocation.service import Revocations
from app.domain.revocation.sqlite_feed import SqliteFollower
from app.domain.sessions.endings import SessionEndings
from app.domain.sessions.refresh_token import RefreshTokens
from app.domain.sessions.repository import SessionRepository
from app.domain.sessions.scopes import ScopePolicy
from app.domain.sessions.service import Lifetimes, Sessions
from app.domain.tokens.issuer import TokenIssuer
from app.domain.tokens.verifier import TokenVerifier
from app.settings import ConfigurationError, Settings

_HASHERS_START_AFTER = 1.0
HASH_SLOTS_VARIABLE = "_SIGNET_HASH_SLOTS"
"""Set by `signet serve` for its workers: the folder where they share the machine's hashing budget."""
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
    profiles: Profiles
    login: Login
    sessions: Sessions
    session_endings: SessionEndings
    password_change: PasswordChange
    activation: Activation
    roles: RoleChanges
    closure: Closure
    readiness: Readiness
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
        self.hasher.start()
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


def database_url(settings: Settings) -> URL:
    """The database URL in force, password included.

    Raises:
        ConfigurationError: it cannot be used.
    """
    try:
        url = dialects.normalise_url(settings.database_url)
    except ValueError as error:
        raise ConfigurationError(f"SIGNET_DATABASE__URL is not usable: {error}.") from None
    password = settings.database.password
    return url.set(password=password.get_secret_value()) if password else url


def open_database(settings: Settings, clock: Clock, *, for_migrations: bool = False) -> Database:
    """The database alone, for the commands that need no more.

    Raises:
        ConfigurationError: its URL cannot be used, or the folder of its file cannot be made.
    """
    timeout = settings.database.timeout
    try:
        engine = dialects.create_engine(
            database_url(settings),
            pool_size=1 if for_migrations else settings.database.pool_size,
            timeout=timeout,
            server_timeout=None if for_migrations else timeout,
        )
    except OSError as error:
        setting = "SIGNET_DATA_DIR" if settings.embedded else "SIGNET_DATABASE__URL"
        raise ConfigurationError(f"The folder of the database cannot be made ({error}): check {setting}.") from None
    return Database(engine, clock, timeout=timeout)


def master_secrets(settings: Settings) -> MasterSecrets:
    """The master secrets in force; the first is made in the data folder where none is configured.

    Raises:
        ConfigurationError: it can be neither read nor made there.
    """
    if settings.secret_key is not None:
        first = settings.secret_key.get_secret_value()
    else:
        path = settings.data_dir / "secret.key"
        try:
            first, made = read_or_make(path)
        except OSError as error:
            raise ConfigurationError(
                f"The master secret cannot be kept in {path} ({error.strerror}): check SIGNET_DATA_DIR."
            ) from None
        if made:
            _log.info("made a master secret: back it up with the database", path=str(path))
    return MasterSecrets(
        tuple(secret.encode() for secret in (first, *(s.get_secret_value() for s in settings.previous_secret_keys)))
    )


def build_services(settings: Settings, clock: Clock, *, hash_slots: Path | None = None) -> Services:
    """The graph. `hash_slots`: a folder that all workers share, where the machine's hashing budget is kept.

    Raises:
        ConfigurationError: one sentence that names the setting and the remedy.
    """
    secrets = master_secrets(settings)
    database = open_database(settings, clock)
    audit = Audit()
    users, session_rows = UserRepository(), SessionRepository()
    tokens, lifetimes = settings.tokens, settings.sessions
    revocations = _revocations(settings, clock)
    keyring = Keyring(database, Sealer(secrets, "signing-keys"), clock)
    revocations.subscribe(keyring.heed)
    hasher = PasswordHasher(
        memory_kib=settings.passwords.argon2_memory_kib,
        time_cost=settings.passwords.argon2_time_cost,
        concurrency=settings.passwords.hash_concurrency,
        queue=settings.passwords.hash_queue,
        slots=hash_slots,
        processes=not settings.passwords.cheap,
    )
    policy = _password_policy(settings)
    proof = PasswordProof(database=database, users=users, hasher=hasher)
    refresh_tokens = RefreshTokens(secrets)
    sessions = Sessions(
        database=database,
        repository=session_rows,
        refresh_tokens=refresh_tokens,
        issuer=TokenIssuer(keyring, issuer=settings.issuer, audience=tokens.audience, lifetime=tokens.access_lifetime),
        revocations=revocations,
        audit=audit,
        scopes=ScopePolicy(tokens.scopes, tokens.role_scopes),
        lifetimes=Lifetimes(
            access=tokens.access_lifetime,
            session=lifetimes.lifetime,
            idle=lifetimes.idle_lifetime,
            leeway=lifetimes.refresh_leeway,
        ),
        per_user=lifetimes.per_user,
    )
    endings = SessionEndings(
        database=database,
        repository=session_rows,
        refresh_tokens=refresh_tokens,
        revocations=revocations,
        audit=audit,
    )
    rights = Rights(users=users, endings=endings)
    keys = SigningKeys(
        database,
        keyring,
        sealer=Sealer(secrets, "signing-keys"),
        algorithm=tokens.algorithm,
        rotation_period=settings.keys.rotation_period,
        jwks_max_age=settings.keys.jwks_max_age,
        access_lifetime=tokens.access_lifetime,
        revocations=revocations,
        audit=audit,
    )
    return Services(
        settings=settings,
        clock=clock,
        audit=audit,
        database=database,
        hasher=hasher,
        keyring=keyring,
        keys=keys,
        revocations=revocations,
        verifier=TokenVerifier(keyring, revocations, issuer=settings.issuer, audience=tokens.audience, clock=clock),
        registration=Registration(
            database=database,
            users=users,
            hasher=hasher,
            policy=policy,
            audit=audit,
            open_to_all=settings.registration.open,
        ),
        profiles=Profiles(database=database, users=users, proof=proof, audit=audit),
        login=Login(users=users, proof=proof, sessions=sessions, audit=audit),
        sessions=sessions,
        session_endings=endings,
        password_change=PasswordChange(
            users=users, proof=proof, hasher=hasher, policy=policy, endings=endings, audit=audit
        ),
        activation=Activation(database=database, users=users, rights=rights, audit=audit),
        roles=RoleChanges(database=database, users=users, rights=rights, audit=audit),
        closure=Closure(database=database, users=users, proof=proof, rights=rights, audit=audit),
        readiness=Readiness(database=database, keyring=keyring, revocations=revocations, clock=clock),
        housekeeping=Housekeeping(
            database=database,
            keys=keys,
            revocations=revocations,
            sessions=session_rows,
            clock=clock,
            jwks_max_age=settings.keys.jwks_max_age,
        ),
        cursor_sealer=Sealer(secrets, "cursors"),
        extra_header=tokens.extra_header.lower().encode() if tokens.extra_header else None,
    )


def _revocations(settings: Settings, clock: Clock) -> Revocations:
    url = database_url(settings)
    index = RevocationIndex()
    follower = (
        PostgresFollower(url, clock, timeout=settings.database.timeout)
        if dialects.is_postgresql(url)
        else SqliteFollower(url, clock, timeout=settings.database.timeout)
    )
    return Revocations(index, follower, clock, settings.revocation.max_staleness, settings.tokens.access_lifetime)


def _password_policy(settings: Settings) -> PasswordPolicy:
    listed = settings.passwords.breached_list
    try:
        breached = load_breached(listed) if listed else frozenset[str]()
    except (BreachedListError, OSError) as error:
        raise ConfigurationError(f"SIGNET_PASSWORDS__BREACHED_LIST cannot be used: {error}.") from None
    return PasswordPolicy(min_length=settings.passwords.min_length, common=common_passwords(), breached=breached)
