"""Opens and builds the parts of the graph that can go wrong for want of a setting, each with its sentence."""

from pathlib import Path

import structlog
from sqlalchemy import URL

from app.clock import Clock
from app.crypto.derive import MasterSecrets
from app.crypto.master_secret import read_or_make
from app.crypto.password_work import PasswordWork
from app.crypto.passwords import PasswordHasher
from app.database import dialects
from app.database.engine import Database
from app.domain.accounts.password_lists import BreachedListError, common_passwords, load_breached
from app.domain.accounts.password_policy import PasswordPolicy
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.postgres_feed import PostgresFollower
from app.domain.revocation.service import Revocations
from app.domain.revocation.sqlite_feed import SqliteFollower
from app.settings import ConfigurationError, Settings

_log = structlog.get_logger("signet")


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


def open_revocations(settings: Settings, clock: Clock) -> Revocations:
    """What this worker knows of revocations, still empty."""
    url = database_url(settings)
    index = RevocationIndex()
    follower_of = PostgresFollower if dialects.is_postgresql(url) else SqliteFollower
    follower = follower_of(url, clock, timeout=settings.database.timeout)
    return Revocations(index, follower, clock, settings.revocation.max_staleness, settings.tokens.access_lifetime)


def password_hasher(settings: Settings, slots: Path | None) -> PasswordHasher:
    """The hasher; in processes of its own, except with the cheap profile that only tests may use."""
    passwords = settings.passwords
    return PasswordHasher(
        memory_kib=passwords.argon2_memory_kib,
        time_cost=passwords.argon2_time_cost,
        concurrency=passwords.hash_concurrency,
        queue=passwords.hash_queue,
        slots=slots,
        processes=not passwords.cheap,
    )


def check_hashing(settings: Settings) -> None:
    """Compute one hash.

    Raises:
        ConfigurationError: Argon2 does not get the memory that is configured.
    """
    try:
        PasswordWork(memory_kib=settings.passwords.argon2_memory_kib, time_cost=settings.passwords.argon2_time_cost)
    except (ValueError, MemoryError):  # passlib's word for Argon2's "memory allocation error" is ValueError
        raise ConfigurationError("SIGNET_PASSWORDS__ARGON2_MEMORY_KIB is more than this machine can give.") from None


def password_policy(settings: Settings) -> PasswordPolicy:
    """The rules in force.

    Raises:
        ConfigurationError: the list of breached passwords cannot be used.
    """
    listed = settings.passwords.breached_list
    try:
        breached = load_breached(listed) if listed else frozenset[str]()
    except (BreachedListError, OSError) as error:
        raise ConfigurationError(f"SIGNET_PASSWORDS__BREACHED_LIST cannot be used: {error}.") from None
    return PasswordPolicy(min_length=settings.passwords.min_length, common=common_passwords(), breached=breached)
