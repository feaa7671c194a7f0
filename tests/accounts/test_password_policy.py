"""Which new passwords are refused, and by which rule."""

import random
import time

import pytest

from app.domain.accounts.password_lists import common_passwords
from app.domain.accounts.password_policy import PasswordPolicy, PasswordRejectedError
from app.errors import BrokenRule, RuleViolationError

POLICY = PasswordPolicy(min_length=8, common=common_passwords(), breached={"correct horse", "caf\u00e9 au lait"})


def broken_rules(password: str, policy: PasswordPolicy = POLICY) -> list[str]:
    """The names of the rules that the password of Alice Liddell breaks."""
    try:
        policy.check(password, username="Alice", email="a.liddell@example.org")
    except PasswordRejectedError as rejected:
        return [each.rule for each in rejected.broken]
    return []


@pytest.mark.parametrize(
    "password",
    [
        "kq7 vLm2",
        "a battery of staples",
        "\u043f\u0430\u0440\u043e\u043b\u044c\u043d\u044b\u0439",
        "\U0001f600\U0001f601\U0001f602\U0001f603\U0001f604\U0001f605\U0001f606\U0001f607",
        "nul\x00nul\x00nul",
        "        tabs\tand spaces ",
        "x" * 300 + "y" * 724,
    ],
    ids=ascii,
)
def test_a_password_of_any_characters_is_accepted(password: str) -> None:
    assert broken_rules(password) == []


@pytest.mark.parametrize(
    ("password", "expected"),
    [("kq7vLm2", ["too_short"]), ("kq7vLm2w", []), ("kq7vLme\u0301", ["too_short"]), ("", ["too_short"])],
)
def test_length_is_counted_in_code_points_after_nfc(password: str, expected: list[str]) -> None:
    assert broken_rules(password) == expected


def test_the_least_length_is_a_setting() -> None:
    policy = PasswordPolicy(min_length=15, common=())

    assert broken_rules("fourteen chars", policy) == ["too_short"]
    assert broken_rules("fifteen chars..", policy) == []


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("qz" * 512, []),
        ("qz" * 512 + "q", ["too_long"]),
        ("e\u0301" * 512, []),
        ("\u00e9" * 513, ["too_long"]),
        ("qz" * 32768, ["too_long"]),
    ],
    ids=["1024 bytes", "1025 bytes", "1024 bytes after NFC", "1026 bytes after NFC", "64 KiB"],
)
def test_1024_bytes_are_the_most(password: str, expected: list[str]) -> None:
    assert broken_rules(password) == expected


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord",
        "p@ssw0rd",
        "P455w0rd!",
        "password2026!",
        "Passw0rd123",
        "baseball",
        "12345678",
        "1qaz2wsx",
        "dragon!!",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
    ],
)
def test_a_common_password_is_refused_however_it_is_dressed_up(password: str) -> None:
    assert broken_rules(password) == ["common"]


def test_every_long_enough_password_of_the_common_list_is_refused() -> None:
    long_enough = sorted(word for word in common_passwords() if len(word) >= 8)

    accepted = [word for word in random.Random(7).sample(long_enough, 500) if "common" not in broken_rules(word)]  # noqa: S311

    assert len(common_passwords()) == 30_000
    assert accepted == []


@pytest.mark.parametrize("password", ["password and more words", "dragon482916", "xpassword"])
def test_a_password_that_merely_holds_a_common_one_is_accepted(password: str) -> None:
    assert broken_rules(password) == []


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("correct horse", ["breached"]),
        ("cafe\u0301 au lait", ["breached"]),
        ("Correct Horse", []),
        ("correct horse ", []),
    ],
)
def test_a_breached_password_is_refused_exactly(password: str, expected: list[str]) -> None:
    assert broken_rules(password) == expected


@pytest.mark.parametrize(
    "password",
    [
        "alice2026!",
        "ALICEalice",
        "4l1c3-4l1c3",
        "a.liddell@example.org",
        "A.Liddell@Example.org1",
        "aliddell99",
        "a_liddell_99",
        "signet2026!",
        "$ignet-signet",
        "alice@signet",
        "\uff21\uff2c\uff29\uff23\uff25-2026",
    ],
)
def test_a_password_built_from_what_everybody_knows_is_refused(password: str) -> None:
    assert broken_rules(password) == ["contains_identity"]


@pytest.mark.parametrize("password", ["alice and a battery", "my signet is of horn", "malice aforethought"])
def test_a_long_password_may_hold_a_name(password: str) -> None:
    assert broken_rules(password) == []


def test_a_user_without_an_address_is_judged_by_the_name() -> None:
    with pytest.raises(PasswordRejectedError) as rejected:
        POLICY.check("bobbobbob", username="bob")

    assert [each.rule for each in rejected.value.broken] == ["contains_identity"]


def test_all_broken_rules_are_told_at_once_where_the_caller_says_and_without_the_password() -> None:
    with pytest.raises(PasswordRejectedError) as rejected:
        POLICY.check("alice1", username="alice", email=None, loc=("new_password",))

    broken = rejected.value.broken
    assert rejected.value.code == "password_rejected"
    assert [(each.loc, each.rule) for each in broken] == [
        (("new_password",), "too_short"),
        (("new_password",), "common"),
        (("new_password",), "contains_identity"),
    ]
    assert "alice" not in f"{rejected.value} {broken}"


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(RuleViolationError) as invalid:
        POLICY.check("lone \ud800 surrogate", username="alice")

    assert invalid.value.code == "validation_failed"
    assert invalid.value.broken == (
        BrokenRule(
            ("password",), "This is not valid Unicode text: it holds half of a surrogate pair.", "string_unicode"
        ),
    )


@pytest.mark.parametrize(
    "password", ["e" + "\u0301\u0323" * 32768, "a" * 65536, "\ufdfa" * 341, "signet" * 170], ids=lambda text: text[:6]
)
def test_hostile_passwords_are_judged_quickly(password: str) -> None:
    began = time.perf_counter()
    broken = broken_rules(password)
    seconds = time.perf_counter() - began

    assert broken in (["too_long"], ["contains_identity"], [])
    assert seconds < 0.5
