"""The operator's list of breached passwords."""

import hashlib
from pathlib import Path

import pytest

from app.domain.accounts.password_lists import BreachedListError, load_breached


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest()  # noqa: S324


def test_a_list_may_hold_passwords_and_sha1_digests_with_and_without_counts(tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    lines = ["plain one", sha1("small digest"), sha1("large digest").upper(), sha1("counted").upper() + ":3861493"]
    path.write_bytes("\n".join(lines).encode() + b"\r\nlast: with colon")

    breached = load_breached(path)

    assert len(breached) == 5
    for password in ("plain one", "small digest", "large digest", "counted", "last: with colon"):
        assert password in breached
    for password in ("Plain one", "plain", "plain one\n", "counted:3861493", sha1("counted"), ""):
        assert password not in breached
    assert None not in breached


def test_lines_keep_their_spaces_and_are_read_in_nfc(tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    path.write_text(" spaced \ncafe\u0301\n", encoding="utf-8")

    breached = load_breached(path)

    assert " spaced " in breached
    assert "spaced" not in breached
    assert "caf\u00e9" in breached


def test_lines_that_can_be_no_password_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    path.write_bytes(b"caf\xe9\n\n" + b"x" * 2000 + b"\n\nlast one\n")

    breached = load_breached(path)

    assert len(breached) == 1
    assert "last one" in breached


def test_a_list_of_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.domain.accounts.password_lists.MOST_ENTRIES", 3)
    path = tmp_path / "breached.txt"
    path.write_text("one\ntwo\nthree\nthree\n")
    accepted = load_breached(path)
    path.write_text("one\ntwo\nthree\nfour\n")

    with pytest.raises(BreachedListError, match="more than 3 entries"):
        load_breached(path)

    assert len(accepted) == 3
