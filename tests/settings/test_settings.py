"""Settings: where they come from, and that every refusal is one sentence with the name and a remedy."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.settings import ConfigurationError, Settings, load_settings
from tests.support.service import SECRET


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def loaded(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_the_defaults_are_those_of_the_operations_page() -> None:
    settings = load_settings()

    assert settings.database_url == "sqlite+aiosqlite:///data/signet.db"
    assert settings.issuer == "http://127.0.0.1:8000"
    assert settings.tokens.algorithm == "ES256"
    assert settings.tokens.access_lifetime == timedelta(minutes=10)
    assert settings.sessions.lifetime == timedelta(days=30)
    assert settings.sessions.idle_lifetime == timedelta(days=14)
    assert settings.sessions.refresh_leeway == timedelta(seconds=60)
    assert settings.sessions.per_user == 50
    assert settings.revocation.max_staleness == timedelta(seconds=5)
    assert settings.passwords.argon2_memory_kib == 19456
    assert settings.passwords.hash_queue == 64


def test_durations_are_seconds_or_iso_8601(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        SIGNET_TOKENS__ACCESS_LIFETIME="600",
        SIGNET_SESSIONS__IDLE_LIFETIME="P2DT3H",
        SIGNET_LOG__LEVEL="INFO",
    )

    assert settings.tokens.access_lifetime == timedelta(seconds=600)
    assert settings.sessions.idle_lifetime == timedelta(days=2, hours=3)
    assert settings.log.level == "info"


@pytest.mark.parametrize("text", ["a,b", " a , b ", '["a", "b"]'])
def test_lists_are_json_or_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert loaded(monkeypatch, SIGNET_TOKENS__SCOPES=text).tokens.scopes == ("a", "b")


def test_proxies_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, SIGNET_SERVER__TRUSTED_PROXIES="10.0.0.0/8,::1/128")

    assert settings.server.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SIGNET_SERVER__PORT=8001\nSIGNET_SERVER__HOST=0.0.0.0\nPATH=/nowhere\nOTHER=1\n")

    settings = loaded(monkeypatch, SIGNET_SERVER__PORT="8002")

    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 8002)  # noqa: S104  # only read, not listened on


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text(SECRET + "\n")

    settings = loaded(monkeypatch, SIGNET_SECRET_KEY_FILE="secret")

    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET


def test_a_secret_and_its_file_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = refusal(monkeypatch, SIGNET_SECRET_KEY=SECRET, SIGNET_SECRET_KEY_FILE="secret")

    assert "SIGNET_SECRET_KEY_FILE" in sentence


def test_a_file_that_cannot_be_read_is_named_and_what_stands_for_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = refusal(monkeypatch, SIGNET_SECRET_KEY_FILE=SECRET)  # the secret itself, by mistake

    assert "SIGNET_SECRET_KEY_FILE" in sentence
    assert SECRET not in sentence


def test_an_unknown_name_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGNET_TOKEN__ISSUER" in refusal(monkeypatch, SIGNET_TOKEN__ISSUER="https://x.example")


def test_an_unknown_name_in_the_env_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SIGNET_SECRET=1\n")

    assert "SIGNET_SECRET " in refusal(monkeypatch)


def test_what_kubernetes_sets_for_a_service_called_signet_is_not_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        SIGNET_PORT="tcp://10.0.0.1:8000",
        SIGNET_SERVICE_HOST="10.0.0.1",
        SIGNET_SERVICE_PORT_HTTP="8000",
        SIGNET_PORT_8000_TCP_ADDR="10.0.0.1",
    )

    assert settings.server.port == 8000


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        "x" * 64,
        "0123456789abcdef" * 4,
        "change-me-change-me-change-me-change-me-change-me-change-me",
        "kq3v0ZrJ8c5yX1uT7nB2wE9sLdGhM4a",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    ],
)
def test_a_weak_secret_is_refused_and_never_repeated(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    sentence = refusal(monkeypatch, SIGNET_SECRET_KEY=secret)

    assert "SIGNET_SECRET_KEY" in sentence
    assert secret not in sentence


def test_weak_previous_secrets_are_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGNET_PREVIOUS_SECRET_KEYS" in refusal(monkeypatch, SIGNET_PREVIOUS_SECRET_KEYS='["weak"]')


def test_a_server_database_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGNET_SECRET_KEY" in refusal(monkeypatch, SIGNET_DATABASE__URL="postgresql://u@h/d")


def test_an_sqlite_file_may_be_called_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, SIGNET_DATABASE__URL="sqlite:///postgres.db").secret_key is None


def test_the_issuer_of_an_ipv6_host_is_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, SIGNET_SERVER__HOST="::1").issuer == "http://[::1]:8000"


def test_production_needs_a_secret_and_https(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGNET_SECRET_KEY" in refusal(monkeypatch, SIGNET_ENVIRONMENT="production")
    assert "SIGNET_TOKENS__ISSUER" in refusal(monkeypatch, SIGNET_SECRET_KEY=SECRET)

    assert loaded(monkeypatch, SIGNET_TOKENS__ISSUER="https://auth.example.org").issuer == "https://auth.example.org"


def test_only_the_test_environment_takes_cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SIGNET_PASSWORDS__ARGON2_MEMORY_KIB" in refusal(monkeypatch, SIGNET_PASSWORDS__ARGON2_MEMORY_KIB="64")

    assert loaded(monkeypatch, SIGNET_ENVIRONMENT="test").passwords.cheap


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGNET_TOKENS__ACCESS_LIFETIME", "P2D"),
        ("SIGNET_TOKENS__ACCESS_LIFETIME", "soon"),
        ("SIGNET_TOKENS__ALGORITHM", "none"),
        ("SIGNET_TOKENS__ISSUER", "auth.example.org"),
        ("SIGNET_TOKENS__ISSUER", "https://auth.example.org/?x=1"),
        ("SIGNET_TOKENS__ROLE_SCOPES", "{oops"),
        ("SIGNET_TOKENS__ROLE_SCOPES", '{"editor": ["a b"]}'),
        ("SIGNET_TOKENS__SCOPES", '["a b"]'),
        ("SIGNET_TOKENS__SCOPES", ",".join(f"scope-number-{number}" for number in range(100))),
        ("SIGNET_TOKENS__ISSUER", "http://[::1"),
        ("SIGNET_SESSIONS__LIFETIME", "300000000000"),
        ("SIGNET_SESSIONS__LIFETIME", "99999999999999999999"),
        ("SIGNET_KEYS__ROTATION_PERIOD", "300000000000"),
        ("SIGNET_TOKENS__SCOPES", "[oops"),
        ("SIGNET_SESSIONS__PER_USER", "many"),
        ("SIGNET_SESSIONS__IDLE_LIFETIME", "P60D"),
        ("SIGNET_SERVER__TRUSTED_PROXIES", "proxy.example.org"),
        ("SIGNET_SERVER__PORT", "99999"),
        ("SIGNET_LOG__LEVEL", "loud"),
        ("SIGNET_PASSWORDS__MIN_LENGTH", "4"),
        ("SIGNET_PASSWORDS__BREACHED_LIST", "nowhere.txt"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert name in refusal(monkeypatch, **{name: value})


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, SIGNET_SECRET_KEY="", SIGNET_DATABASE__URL="").secret_key is None
