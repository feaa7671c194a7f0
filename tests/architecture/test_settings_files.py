"""`.env.example` says what the settings are, no more and no less."""

import re
from pathlib import Path

import pytest

from app.settings import Settings, load_settings, setting_names
from tests.support import env_example


def test_the_example_file_is_what_the_fields_say() -> None:
    assert env_example.FILE.read_text(encoding="utf-8") == env_example.render(), "write it anew: make env-example"


def test_the_example_file_names_every_setting_once() -> None:
    named = re.findall(r"^#(SIGNET_\w+)=", env_example.FILE.read_text(encoding="utf-8"), re.MULTILINE)

    assert named == setting_names(Settings)


def test_every_setting_is_described() -> None:
    text = env_example.render()

    assert "\n# \n" not in text
    assert "\n\n#SIGNET" not in text


def test_the_example_file_uncommented_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = env_example.FILE.read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(re.sub(r"^#(SIGNET_)", r"\1", text, flags=re.MULTILINE))
    defaults = load_settings()

    monkeypatch.chdir(tmp_path)

    assert load_settings() == defaults
