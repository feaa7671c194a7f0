"""Usernames, addresses, and which of both a log-in means."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.accounts.identifiers import (
    Identifier,
    InvalidIdentifierError,
    identifier_key,
    normalise_email,
    normalise_username,
)


@pytest.mark.parametrize(
    ("text", "shown", "key"),
    [
        ("bob", "bob", "bob"),
        ("Alice.Liddell", "Alice.Liddell", "alice.liddell"),
        ("a_b-c.9", "a_b-c.9", "a_b-c.9"),
        ("X" * 64, "X" * 64, "x" * 64),
        ("\uff21lice", "Alice", "alice"),
        ("\u212aelvin", "Kelvin", "kelvin"),
        ("of\ufb01ce", "office", "office"),
    ],
)
def test_a_username_is_shown_in_nfkc_and_compared_without_case(text: str, shown: str, key: str) -> None:
    assert normalise_username(text) == Identifier(shown, key)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "string_too_short"),
        ("ab", "string_too_short"),
        ("x" * 65, "string_too_long"),
        ("x" * 65536, "string_too_long"),
        ("\ufb01" * 33, "string_too_long"),
        ("alice@example.org", "string_pattern_mismatch"),
        ("alice\uff20x", "string_pattern_mismatch"),
        ("al ice", "string_pattern_mismatch"),
        (" alice", "string_pattern_mismatch"),
        ("alice\n", "string_pattern_mismatch"),
        ("alice\x00", "string_pattern_mismatch"),
        ("alice/x", "string_pattern_mismatch"),
        ("zo\u00eb", "string_pattern_mismatch"),
        ("\u0430lice", "string_pattern_mismatch"),
        ("\u0661\u0662\u0663", "string_pattern_mismatch"),
        ("stra\u00dfe", "string_pattern_mismatch"),
        ("\u0131van", "string_pattern_mismatch"),
        ("al\u200dice", "string_pattern_mismatch"),
        ("\ud800\ud800\ud800", "string_pattern_mismatch"),
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_what_cannot_be_a_username_is_refused_by_rule(text: str, rule: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        normalise_username(text)

    assert refused.value.code == "validation_failed"
    assert [(each.loc, each.rule) for each in refused.value.broken] == [(("username",), rule)]


@pytest.mark.parametrize(
    ("text", "shown", "key"),
    [
        ("alice@example.org", "alice@example.org", "alice@example.org"),
        ("Alice@Example.ORG", "Alice@example.org", "alice@example.org"),
        ("alice+tag@example.org", "alice+tag@example.org", "alice+tag@example.org"),
        ("alice@signet.test", "alice@signet.test", "alice@signet.test"),
        ("alice@office.local", "alice@office.local", "alice@office.local"),
        ("zoe\u0308@example.org", "zo\u00eb@example.org", "zo\u00eb@example.org"),
        ("\u00c4b@example.org", "\u00c4b@example.org", "\u00e4b@example.org"),
        ("a@B\u00dcCHER.example", "a@b\u00fccher.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@b\u00fccher.example", "a@xn--bcher-kva.example"),
        ("a" * 64 + "@" + ("b" * 61 + ".") * 3 + "org", None, "a" * 64 + "@" + ("b" * 61 + ".") * 3 + "org"),
    ],
)
def test_an_address_is_shown_in_normal_form_and_compared_without_case(text: str, shown: str | None, key: str) -> None:
    assert normalise_email(text) == Identifier(shown or text, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@",
        "alice@",
        "@example.org",
        "alice@localhost",
        "alice@example..org",
        "alice@example.org.",
        "alice@-example.org",
        "alice@[127.0.0.1]",
        "alice@127.0.0.1",
        "alice@bob@example.org",
        "alice@example.org,bob@example.org",
        "alice@example.org;bob@example.org",
        "alice@example.org bob@example.org",
        "Alice <alice@example.org>",
        '"al ice"@example.org',
        " alice@example.org",
        "alice@example.org\n",
        "alice\r\nBcc: bob@example.org",
        "al\x00ice@example.org",
        "alice@exa\x07mple.org",
        "al\u202eice@example.org",
        "alice\uff20example.org",
        "\ud800@example.org",
        "alice@\ud800.org",
        "alice@xn--.org",
        "a" * 65 + "@example.org",
        "a@" + ("b" * 61 + ".") * 4 + "or.org",
        "\u20ac" * 20 + "@" + "\u20ac." * 100 + "org",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_what_is_no_single_bare_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        normalise_email(text)

    assert refused.value.code == "validation_failed"
    assert [(each.loc, each.rule) for each in refused.value.broken] == [(("email",), "value_error")]


def test_a_long_address_is_refused_by_its_length_before_it_is_parsed() -> None:
    with pytest.raises(InvalidIdentifierError) as refused:
        normalise_email("@" * 255)

    assert "254" in refused.value.broken[0].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alice", ("username", "alice")),
        ("\uff21lice", ("username", "alice")),
        ("Alice@Example.org", ("email", "alice@example.org")),
        ("a", None),
        ("al ice", None),
        ("alice@", None),
        ("alice\uff20example.org", None),
        ("", None),
    ],
)
def test_an_identifier_with_an_at_sign_is_an_address(text: str, expected: tuple[str, str] | None) -> None:
    assert identifier_key(text) == expected


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=40), st.sampled_from(["", "@"]))
def test_no_identifier_is_too_strange_and_none_is_mistaken(text: str, joint: str) -> None:
    found = identifier_key(text + joint + "example.org")

    assert found is None or (found[0] == "email") == ("@" in text + joint)


@settings(max_examples=60, deadline=None)
@given(st.emails())
def test_what_is_shown_of_an_address_leads_to_the_same_key(text: str) -> None:
    found = identifier_key(text)

    assert found is None or identifier_key(normalise_email(text).shown) == found


@pytest.mark.parametrize(
    "text",
    [
        "\u0301\u0323" * 32768,
        "a@" + "\u0301\u0323" * 32768,
        "a@" + "a." * 32768,
        "@" * 65536,
        '"' * 65536 + "@",
        "\ufdfa" * 64,
        "a@" + "\u0301\u0323" * 120 + ".org",
        "a@" + "\u00df." * 120 + "org",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_hostile_identifiers_are_refused_quickly(text: str) -> None:
    began = time.perf_counter()
    found = identifier_key(text)
    seconds = time.perf_counter() - began

    assert found is None
    assert seconds < 0.5
