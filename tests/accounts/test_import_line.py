"""What one line of an import file may say, and the sentence for what it may not."""

import io
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passlib.context import CryptContext

from app.domain.accounts.identifiers import normalise_email
from app.domain.accounts.import_file import LONGEST_LINE, numbered_lines
from app.domain.accounts.import_line import ImportedUser, RefusedLineError, judge_line, made_usernames
from tests.passwords.test_foreign_hashes import ABSURD, BCRYPT, FOREIGN

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def judged(**members: Any) -> ImportedUser:
    given = {"username": "ada", "password_hash": BCRYPT} | members
    return judge_line(json.dumps(given).encode(), NOW)


def refusal(line: bytes | str) -> str:
    with pytest.raises(RefusedLineError) as refused:
        judge_line(line.encode() if isinstance(line, str) else line, NOW)
    return str(refused.value)


def test_a_line_needs_no_more_than_a_name_and_a_hash() -> None:
    user = judged()

    assert [username.shown for username in user.usernames] == ["ada"]
    assert (user.email, user.email_verified, user.roles, user.is_active, user.created_at) == (
        None,
        False,
        (),
        True,
        None,
    )
    assert user.password_hash == BCRYPT


def test_a_line_may_say_everything() -> None:
    user = judged(
        username="Ada",
        email="Ada@Example.org",
        email_verified=True,
        roles=["editor", "admin", "editor"],
        is_active=False,
        created_at="2020-02-29T13:00:00.25+01:00",
    )

    assert [username.key for username in user.usernames] == ["ada"]
    assert user.email is not None
    assert (user.email.shown, user.email.key, user.email_verified) == ("Ada@example.org", "ada@example.org", True)
    assert (user.roles, user.is_active) == (("editor", "admin"), False)
    assert user.created_at == datetime(2020, 2, 29, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_address_that_other_software_left_empty_is_none(nothing: str | None) -> None:
    assert judged(email=nothing).email is None


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("2020-01-01T00:00:00Z", 0), ("2020-01-01t00:00:07.5z", 7.5), ("2020-01-01 00:00:01-00:00", 1)],
)
def test_moments_are_read_as_rfc_3339_spells_them(moment: str, seconds: float) -> None:
    created_at = judged(created_at=moment).created_at

    assert created_at is not None
    assert (created_at - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() == seconds


@pytest.mark.parametrize("name", FOREIGN)
def test_every_hash_that_verifies_may_be_imported(name: str) -> None:
    assert judged(password_hash=FOREIGN[name]).password_hash == FOREIGN[name]


@pytest.mark.parametrize("stored", ABSURD, ids=lambda text: text[:40])
def test_a_hash_of_absurd_cost_is_refused_at_once_and_never_computed(
    stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    for name in ("verify", "hash", "identify", "needs_update"):
        monkeypatch.setattr(CryptContext, name, lambda *_, **__: computed.append("it was"))
    line = json.dumps({"username": "ada", "password_hash": stored})

    began = time.perf_counter()
    sentence = refusal(line)
    seconds = time.perf_counter() - began

    assert "absurdly costly" in sentence
    assert seconds < 0.05
    assert computed == []


REFUSED = [
    ("", "not JSON"),
    ("nonsense", "not JSON"),
    ('{"username": "ada"', "not JSON"),
    ("[" * 60_000, "not JSON"),
    ("1" * 60_000, "not JSON"),
    (b'{"username": "ad\xe9"}', "not UTF-8"),
    ("null", "not a JSON object"),
    ("[]", "not a JSON object"),
    ('{"username": "ada", "username": "bob", "password_hash": "x"}', "twice"),
    ("{}", '"username" is missing'),
    ('{"username": "ada"}', '"password_hash" is missing'),
]
REFUSED_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"pasword": "x"}, '"pasword"'),
    ({"username": None}, '"username" must be text'),
    ({"username": 7}, '"username" must be text'),
    ({"username": "a"}, '"username": Use at least 3'),
    ({"username": "a da"}, '"username": Use only letters'),
    ({"username": "x" * 65}, '"username": Use at most 64'),
    ({"username": "\ud800da"}, '"username": Use only letters'),
    ({"username": "ada@"}, '"email": This is not a valid'),
    ({"email": "ada"}, '"email": This is not a valid'),
    ({"email": 1}, '"email" must be text or null'),
    ({"username": "ada@example.org", "email": "bob@example.org"}, "another one"),
    ({"email_verified": True}, "there is no address"),
    ({"email": "ada@example.org", "email_verified": 1}, '"email_verified" must be true or false'),
    ({"password_hash": "!unusable"}, "no kind that Signet can verify"),
    ({"password_hash": ""}, "no kind that Signet can verify"),
    ({"password_hash": None}, '"password_hash" must be text'),
    ({"roles": "admin"}, '"roles" must be a list'),
    ({"roles": ["Admin"]}, "A role is"),
    ({"roles": [["admin"]]}, "A role is"),
    ({"roles": [f"role-{number}" for number in range(33)]}, "at most 32 roles"),
    ({"is_active": None}, '"is_active" must be true or false'),
    ({"created_at": 1_577_836_800}, '"created_at" must be text or null'),
    ({"created_at": "2020-01-01"}, "RFC 3339"),
    ({"created_at": "2020-01-01T00:00:00"}, "RFC 3339"),
    ({"created_at": "2020-02-30T00:00:00Z"}, "RFC 3339"),
    ({"created_at": "0001-01-01T00:00:00+14:00"}, "RFC 3339"),
    ({"created_at": "2026-03-01T12:00:01Z"}, "in the future"),
]


@pytest.mark.parametrize(("line", "sentence"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_a_line_that_is_no_user_is_refused_in_a_sentence(line: bytes | str, sentence: str) -> None:
    assert sentence in refusal(line)


@pytest.mark.parametrize(("members", "sentence"), REFUSED_MEMBERS, ids=lambda value: ascii(value)[:40])
def test_a_member_that_breaks_a_rule_is_named(members: dict[str, Any], sentence: str) -> None:
    given = {"username": "ada", "password_hash": BCRYPT} | members

    assert sentence in refusal(json.dumps(given))


@pytest.mark.parametrize("hashed", [*FOREIGN.values(), "5f4dcc3b5aa765d61d8327deb882cf99", *ABSURD])
def test_no_sentence_shows_a_hash_wherever_it_stands(hashed: str) -> None:
    lines = [
        json.dumps({"username": hashed + "$", "password_hash": BCRYPT}),
        json.dumps({"username": "ada", "password_hash": hashed + "\n"}),
        json.dumps({"username": "ada", "password_hash": BCRYPT, hashed: 1}),
        json.dumps({"username": "ada", "password_hash": BCRYPT, "roles": [hashed + "$"]}),
        json.dumps({"username": "ada", "password_hash": BCRYPT, "email": hashed}),
        json.dumps({"username": "ada", "password_hash": BCRYPT, "created_at": hashed}),
        json.dumps({"username": "ada", "password_hash": [hashed]}),
        hashed,
    ]

    assert all(hashed not in refusal(line) for line in lines)


def test_a_user_to_be_does_not_show_the_hash() -> None:
    assert BCRYPT not in repr(judged())


def test_a_name_that_would_command_a_terminal_is_not_repeated() -> None:
    assert "\x1b" not in refusal(json.dumps({"\x1b[2J": 1}))


NAMES = st.sampled_from(["username", "password_hash", "email", "roles", "created_at"]) | st.text(max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_line_is_too_strange_to_be_judged(line: bytes) -> None:
    assert refusal(line).endswith(".")


@pytest.mark.parametrize(
    ("address", "username"),
    [
        ("ada@example.org", "ada"),
        ("Ada.Lovelace@example.org", "Ada.Lovelace"),
        ("ada+books@example.org", "ada-books"),
        ("zo\u00eb@example.org", "zoe"),
        ("al@example.org", "user-al"),
        ("\u65e5\u672c@example.org", "user"),
        ("x" * 64 + "@example.org", "x" * 64),
        ("_-ada-_@example.org", "ada"),
    ],
)
def test_a_username_is_made_from_the_address(address: str, username: str) -> None:
    user = judged(username=address, email_verified=True)

    assert user.email == normalise_email(address)
    assert user.has_made_username
    assert user.usernames[0].shown == username


def test_an_address_that_stands_twice_is_one() -> None:
    user = judged(username="Ada@example.org", email="ada@EXAMPLE.org")

    assert user.email is not None
    assert user.email.key == "ada@example.org"


def test_made_usernames_that_are_taken_get_numbers_first_small_ones_and_then_the_addresss_own() -> None:
    ours = [username.shown for username in made_usernames(normalise_email("info@example.org"))]
    again = [username.shown for username in made_usernames(normalise_email("INFO@example.org"))]
    theirs = [username.shown for username in made_usernames(normalise_email("info@example.com"))]

    assert ours[:9] == ["info", *(f"info-{number}" for number in range(2, 10))]
    assert [len(name) for name in ours[9:]] == [9, 13, 21]
    assert [name.lower() for name in again] == ours
    assert ours[:9] == theirs[:9]
    assert not set(ours[9:]) & set(theirs[9:])


@settings(max_examples=200, deadline=None)
@given(st.emails())
def test_every_address_has_usernames_that_could_be_registered(address: str) -> None:
    usernames = judged(username=address).usernames

    assert len({username.key for username in usernames}) == len(usernames) == 12


def lines_of(content: bytes) -> list[tuple[int, bytes | None]]:
    return list(numbered_lines(io.BytesIO(content)))


def test_lines_keep_their_numbers_whatever_ends_them_and_blank_ones_say_nothing() -> None:
    assert lines_of(b"\xef\xbb\xbfone\r\n\n  \ntwo\nthree") == [(1, b"one"), (4, b"two"), (5, b"three")]
    assert lines_of(b"") == []


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nnext", b"\r\nnext"])
def test_a_line_may_have_64_kib_and_not_a_byte_more(end: bytes) -> None:
    following = [(2, b"next")] if b"next" in end else []
    longest = b"x" * LONGEST_LINE

    assert lines_of(longest + end) == [(1, longest), *following]
    for more in (1, 2, 3, LONGEST_LINE, 3 * LONGEST_LINE):
        assert lines_of(longest + b"x" * more + end) == [(1, None), *following]


class EndlessLine(io.RawIOBase):
    """A gigabyte without an end of line, which nobody could hold."""

    def __init__(self) -> None:
        self.left = 2**30
        self.largest = 0

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        self.largest = max(self.largest, size)
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_line_too_long_is_passed_over_without_being_held() -> None:
    stream = EndlessLine()

    assert list(numbered_lines(stream)) == [(1, None)]  # type: ignore[arg-type]
    assert stream.left == 0
    assert stream.largest <= LONGEST_LINE + 2
