"""Every setting of Signet: its name, default, bounds and meaning.

They come from the environment and from `.env`, with the prefix `SIGNET_` and `__` between levels
(`SIGNET_TOKENS__ACCESS_LIFETIME=600`). Whoever builds the object graph reads them; everything below gets plain values.
"""

import os
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings.sources import (
    SettingsEnvironment,
    duration,
    explain,
    json_object,
    scope_tokens,
    scopes_of_roles,
    strong_secret,
    words,
)

DAY = timedelta(days=1)
_LEAST_MEMORY_KIB = 7168
_PASSES_AT_LEAST_MEMORY = 5

Algorithm = Literal[
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512"
]
_LONGEST = timedelta(days=3660)
Duration = Annotated[timedelta, BeforeValidator(duration), Field(le=_LONGEST)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(words)]
Secret = Annotated[SecretStr, AfterValidator(strong_secret)]
Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    NoDecode,
    BeforeValidator(lambda value: tuple(ip_network(word) for word in words(value))),
]


class Group(BaseModel):
    """A level of settings. Frozen; a name it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DatabaseSettings(Group):
    """Where the truth is kept."""

    url: str = Field("", description="Database URL; empty means an SQLite file signet.db in DATA_DIR.")
    password: SecretStr | None = Field(None, description="The password, where it should not stand in the URL.")
    pool_size: int = Field(10, ge=1, le=200, description="Connections a worker keeps at most.")
    timeout: Duration = Field(
        timedelta(seconds=5), ge=timedelta(milliseconds=100), description="Bound of every wait on the database."
    )


class TokenSettings(Group):
    """Access tokens."""

    issuer: str = Field("", description="Public base URL, `iss` of every token; empty means http://<host>:<port>.")
    audience: str = Field("signet", min_length=1, description="`aud` of every token.")
    algorithm: Algorithm = Field("ES256", description="Signature algorithm of new signing keys.")
    access_lifetime: Duration = Field(
        timedelta(minutes=10),
        ge=timedelta(seconds=10),
        le=DAY,
        description="Lifetime of an access token, at most 24 h.",
    )
    extra_header: str | None = Field(
        None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="A header that may carry the bare access token as well."
    )
    scopes: Annotated[Words, AfterValidator(scope_tokens)] = Field(
        ("account",), description="Scopes every user may have."
    )
    role_scopes: Annotated[
        dict[str, list[str]], NoDecode, BeforeValidator(json_object), AfterValidator(scopes_of_roles)
    ] = Field({}, description='Scopes that roles add, as JSON: {"role": ["scope"]}.')


class SessionSettings(Group):
    """Sessions and their refresh tokens."""

    lifetime: Duration = Field(timedelta(days=30), ge=timedelta(minutes=1), description="Absolute life of a session.")
    idle_lifetime: Duration = Field(
        timedelta(days=14), ge=timedelta(minutes=1), description="A session unused for this long ends."
    )
    refresh_leeway: Duration = Field(
        timedelta(seconds=60),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="How long a rotated refresh token still gets its successor again; 0 turns this off.",
    )
    per_user: int = Field(50, ge=1, le=10_000, description="Live sessions a user may have.")


class RevocationSettings(Group):
    """How stale a worker's knowledge of revocations may be."""

    max_staleness: Duration = Field(
        timedelta(seconds=5),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=5),
        description="A worker that has not heard from the database for longer answers 503.",
    )


class KeySettings(Group):
    """Signing keys."""

    rotation_period: Duration = Field(90 * DAY, ge=timedelta(hours=1), description="How long a signing key signs.")
    jwks_max_age: Duration = Field(
        timedelta(minutes=10), ge=timedelta(seconds=1), le=DAY, description="How long verifiers may cache the JWKS."
    )


class PasswordSettings(Group):
    """Passwords and the budget for hashing them."""

    min_length: int = Field(8, ge=8, le=64, description="Shortest password; NIST asks 15 where it is the only factor.")
    argon2_memory_kib: int = Field(19456, ge=8, le=4_194_304, description="Argon2id memory of one hash, in KiB.")
    argon2_time_cost: int = Field(2, ge=1, le=100, description="Argon2id passes.")
    hash_concurrency: int = Field(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        ge=1,
        le=1024,
        description="Hashes at once over all workers; by default as many as there are cores.",
    )
    hash_queue: int = Field(64, ge=0, le=10_000, description="Hashes that may wait in a worker; more are shed (503).")
    breached_list: Path | None = Field(
        None, description="A file of breached passwords, one a line, refused beside the built-in list."
    )

    @property
    def cheap(self) -> bool:
        """Whether a hash would cost less than OWASP's cheapest row (Password Storage Cheat Sheet, Argon2id)."""
        return (
            self.argon2_memory_kib < _LEAST_MEMORY_KIB
            or self.argon2_memory_kib * self.argon2_time_cost < _LEAST_MEMORY_KIB * _PASSES_AT_LEAST_MEMORY
        )


class RegistrationSettings(Group):
    """Who may register."""

    open: bool = Field(default=True, description="Whether anyone may register.")


class ServerSettings(Group):
    """Where and how to listen."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=256, description="Worker processes.")
    trusted_proxies: Networks = Field((), description="Networks (CIDR) of proxies whose X-Forwarded-For is believed.")
    cors_origins: Words = Field((), description="Origins that browsers may call from.")


class LogSettings(Group):
    """What is logged, and how."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda v: str(v).lower())] = Field(
        "info", description="Least severe level that is logged."
    )
    format: Literal["json", "console", ""] = Field("", description="json or console; empty means by terminal.")
    access: bool = Field(default=True, description="Whether each request gets a line.")


_ROWS = "use at least 19456 and 2, or 47104 and 1, 12288 and 3, 9216 and 4, 7168 and 5"


def _secret_needed(when: str) -> str:
    command = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    return f"SIGNET_SECRET_KEY is required {when}: make one with `{command}`"


class Settings(BaseSettings):
    """All settings. Construct with `load_settings`, which turns every mistake into one sentence."""

    model_config = SettingsConfigDict(
        env_prefix="SIGNET_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    secret_key: Secret | None = Field(
        None, description="Master secret, 32 random bytes or more; made in DATA_DIR for the embedded database."
    )
    previous_secret_keys: Annotated[tuple[Secret, ...], NoDecode, BeforeValidator(words)] = Field(
        (), description="Former (or coming) master secrets that are still accepted, as a JSON list."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the embedded database and its secret.")
    environment: Literal["development", "test", "production"] = Field(
        "development", description="production refuses unsafe settings; test allows cheap hashes."
    )
    database: DatabaseSettings = DatabaseSettings()
    tokens: TokenSettings = TokenSettings()
    sessions: SessionSettings = SessionSettings()
    revocation: RevocationSettings = RevocationSettings()
    keys: KeySettings = KeySettings()
    passwords: PasswordSettings = PasswordSettings()
    registration: RegistrationSettings = RegistrationSettings()
    server: ServerSettings = ServerSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in, then one source of our own for the environment, `.env` and `…_FILE`."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, SettingsEnvironment(settings_cls)

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded SQLite file of the default."""
        return not self.database.url

    @property
    def database_url(self) -> str:
        """The database URL that is in force."""
        return self.database.url or f"sqlite+aiosqlite:///{self.data_dir / 'signet.db'}"

    @property
    def issuer(self) -> str:
        """The issuer that is in force."""
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return self.tokens.issuer or f"http://{host}:{self.server.port}"

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        for broken, sentence in self._contradictions():
            if broken:
                raise ValueError(sentence)
        return self

    def _contradictions(self) -> list[tuple[Any, str]]:
        passwords, production = self.passwords, self.environment == "production"
        try:
            issuer = urlsplit(self.issuer)
        except ValueError:
            issuer = urlsplit("")
        return [
            (
                not self.secret_key and self.database.url.startswith("postgres"),
                _secret_needed("with a server database"),
            ),
            (not self.secret_key and production, _secret_needed("when SIGNET_ENVIRONMENT is production")),
            (
                issuer.scheme not in {"http", "https"} or not issuer.hostname or issuer.query or issuer.fragment,
                "SIGNET_TOKENS__ISSUER must be a URL such as https://auth.example.org, without query or fragment",
            ),
            (
                production and issuer.scheme != "https",
                "SIGNET_TOKENS__ISSUER must be an https URL when SIGNET_ENVIRONMENT is production",
            ),
            (
                passwords.cheap and self.environment != "test",
                f"SIGNET_PASSWORDS__ARGON2_MEMORY_KIB and SIGNET_PASSWORDS__ARGON2_TIME_COST are too cheap: {_ROWS}",
            ),
            (
                self.sessions.idle_lifetime > self.sessions.lifetime,
                "SIGNET_SESSIONS__IDLE_LIFETIME must not be longer than SIGNET_SESSIONS__LIFETIME",
            ),
            (
                passwords.breached_list and not passwords.breached_list.is_file(),
                "SIGNET_PASSWORDS__BREACHED_LIST names a file that does not exist",
            ),
        ]


def load_settings(**given: Any) -> Settings:
    """The settings in force: the environment, `.env` and the defaults, under what is `given` here.

    Raises:
        ConfigurationError: one sentence that names the setting and the remedy, and never the value.
    """
    try:
        return Settings(**given)
    except ValueError as error:
        raise explain(error) from None
