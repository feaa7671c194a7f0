"""How settings are read and judged: names, files, durations, lists and secrets. Knows no single setting."""

import json
import math
import os
import re
import string
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource

PREFIX = "SIGNET_"
_KUBERNETES = re.compile(r"^SIGNET_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$")
"""What Kubernetes sets in every pod beside a Service called `signet`."""
_MINIMUM_SECRET_BITS = 256
_MINIMUM_DISTINCT_CHARACTERS = 10
_WEAK_WORDS = ("change", "secret", "example", "password", "signet", "default", "insecure", "12345678", "abcdefgh")
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,64}")
_MOST_CHARACTERS = 1024


class ConfigurationError(Exception):
    """The settings cannot be used. The message is one sentence that names the setting and the remedy."""


def duration(value: Any) -> Any:
    """Seconds (`600`) or ISO 8601 (`PT10M`)."""
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        try:
            return timedelta(seconds=float(value))
        except OverflowError:
            raise ValueError("it is longer than anything lasts") from None
    return value


def words(value: Any) -> Any:
    """A JSON list, or words separated by commas."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            return tuple(json.loads(text))
        except ValueError:
            raise ValueError('it must be a JSON list such as ["a", "b"], or words separated by commas') from None
    return tuple(word.strip() for word in text.split(",") if word.strip())


def json_object(value: Any) -> Any:
    """A JSON object."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('it must be a JSON object such as {"editor": ["articles:write"]}') from None


def scope_tokens(value: tuple[str, ...]) -> tuple[str, ...]:
    """Scopes as RFC 6749 section 3.3 spells them, few enough for a token to carry."""
    if not all(_SCOPE.fullmatch(scope) for scope in value):
        raise ValueError('a scope is 1 to 64 printable ASCII characters without space, " and \\')
    if sum(len(scope) + 1 for scope in value) > _MOST_CHARACTERS:
        raise ValueError(f"a token has no room for more than {_MOST_CHARACTERS} characters of scopes")
    return value


def scopes_of_roles(value: dict[str, list[str]]) -> dict[str, list[str]]:
    """The scopes of each role, all together few enough for a token to carry."""
    scope_tokens(tuple(scope for scopes in value.values() for scope in scopes))
    return value


def strong_secret(value: SecretStr) -> SecretStr:
    """The secret, if an attacker could not find it by trying.

    Raises:
        ValueError: it is shorter than 32 random bytes would be, repeats itself, or holds a word of an example.
    """
    text = value.get_secret_value()
    bits = len(text) * math.log2(_alphabet_size(text)) if text else 0.0
    if bits < _MINIMUM_SECRET_BITS:
        raise ValueError("it must hold at least 32 random bytes (64 hexadecimal or 43 base64 characters)")
    repeats = text in (text + text)[1:-1]
    if repeats or len(set(text)) < _MINIMUM_DISTINCT_CHARACTERS or any(word in text.lower() for word in _WEAK_WORDS):
        raise ValueError("it is an example or easily guessed: use random bytes")
    return value


def _alphabet_size(text: str) -> int:
    for alphabet in (string.digits, string.hexdigits, string.ascii_letters + string.digits):
        if set(text) <= set(alphabet):
            return 16 if alphabet is string.hexdigits else len(alphabet)
    return 64


class SettingsEnvironment(EnvSettingsSource):
    """The environment over `.env`; every name also as `<NAME>_FILE`, whose file holds the value.

    pydantic-settings neither sees unknown top-level names nor leaves foreign ones in `.env` alone, so both are
    judged here: names without the prefix are other people's, an unknown name with it is a mistake.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, case_sensitive=False)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        names = set(setting_names(self.settings_cls))
        found: dict[str, str | None] = {}
        for source in (dotenv_values(".env", encoding="utf-8"), os.environ):
            found |= self._read(source, names)
        return found

    @staticmethod
    def _read(source: Mapping[str, str | None], names: set[str]) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for given, value in source.items():
            name = given.upper()
            if not name.startswith(PREFIX) or _KUBERNETES.match(name):
                continue
            if not value:
                continue  # an empty value, as compose files leave behind, is no value
            if name in names:
                values[name.lower()] = value
            elif name.removesuffix("_FILE") in names:
                if name.removesuffix("_FILE") in {other.upper() for other in source}:
                    raise ConfigurationError(f"{name.removesuffix('_FILE')} and {name} are both set: keep one of them.")
                try:
                    values[name.removesuffix("_FILE").lower()] = Path(value).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    raise ConfigurationError(f"{name} does not name a file that can be read.") from None
            else:
                raise ConfigurationError(
                    f"{name} is not a setting of Signet: correct its spelling or remove it (.env.example lists all)."
                )
        return values


def setting_names(model: type[BaseModel], prefix: str = PREFIX) -> list[str]:
    """The environment names of all settings, in the order of the fields."""
    names: list[str] = []
    for field, described in model.model_fields.items():
        if isinstance(described.annotation, type) and issubclass(described.annotation, BaseModel):
            names += setting_names(described.annotation, f"{prefix}{field.upper()}__")
        else:
            names.append(f"{prefix}{field.upper()}")
    return names


def explain(error: ValueError) -> ConfigurationError:
    """The first mistake as one sentence that names the setting and the remedy, and never the value."""
    if not isinstance(error, ValidationError):  # pydantic-settings: a value that should have been JSON
        return ConfigurationError(f"A setting cannot be read: {error}.")
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    if not first["loc"]:
        return ConfigurationError(f"{message}.")
    name = PREFIX + "__".join(str(part).upper() for part in first["loc"] if isinstance(part, str))
    return ConfigurationError(f"{name} is not usable: {message[:1].lower()}{message[1:]}.")
