"""What a person may be called, and the form in which names and addresses are compared. Pure: no I/O, no clock.

A username never has an `@` and an address always has one, so one field of a log-in can take either and neither can be
mistaken for the other. What is shown keeps its capitals; what is compared does not.
"""

import re
import unicodedata
from typing import Literal, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, validate_email

from app.errors import BrokenRule, RuleViolationError

_SHORTEST_USERNAME = 3
_LONGEST_USERNAME = 64
_USERNAME_CHARACTERS = re.compile(r"[A-Za-z0-9._-]*")
# RFC 5321 section 4.5.3.1.3 (and its erratum 1690): 254 octets. An address in characters is never longer.
_LONGEST_EMAIL = 254
# The library refuses names that no mail of the world can reach, such as .local and .test. A service at home has users
# there, and editing this list is how the library lets one say so.
SPECIAL_USE_DOMAIN_NAMES.clear()


class InvalidIdentifierError(RuleViolationError):
    """It cannot be a username, or it is no e-mail address."""


class Identifier(NamedTuple):
    """A name in the form that is stored and shown, and the key by which it is compared and unique."""

    shown: str
    key: str


def normalise_username(text: str) -> Identifier:
    """The username: after NFKC 3 to 64 ASCII letters, digits, `.`, `_` and `-`; compared without regard to case.

    Raises:
        InvalidIdentifierError: it is too short or too long, or has other characters.
    """
    # NFKC makes nothing shorter that ends as ASCII, so a long text need not be normalised (which takes quadratic time).
    if len(text) > _LONGEST_USERNAME:
        raise _invalid_username(f"Use at most {_LONGEST_USERNAME} characters.", "string_too_long")
    shown = unicodedata.normalize("NFKC", text)
    if _USERNAME_CHARACTERS.fullmatch(shown) is None:
        message = "Use only letters from a to z, digits, dots, underscores and hyphens."
        raise _invalid_username(message, "string_pattern_mismatch")
    if len(shown) < _SHORTEST_USERNAME:
        raise _invalid_username(f"Use at least {_SHORTEST_USERNAME} characters.", "string_too_short")
    if len(shown) > _LONGEST_USERNAME:
        raise _invalid_username(f"Use at most {_LONGEST_USERNAME} characters.", "string_too_long")
    return Identifier(shown, shown.casefold())


def normalise_email(text: str) -> Identifier:
    """The address in normal form; its key is in lower case, with the domain as DNS spells it (IDNA 2008).

    Syntax only (RFC 5321, 5322, 6531): nothing is looked up. One bare address with a dotted domain: no display name, no
    list, no quoted local part, no address literal, at most 254 octets.

    Raises:
        InvalidIdentifierError: it is no such address.
    """
    if len(text) > _LONGEST_EMAIL:
        raise _invalid_email(f"Use an address of at most {_LONGEST_EMAIL} characters.")
    try:
        address = validate_email(text, check_deliverability=False, strict=True)
    except ValueError:
        raise _invalid_email("This is not a valid e-mail address.") from None
    return Identifier(address.normalized, f"{address.local_part}@{address.ascii_domain}".lower())


def identifier_key(text: str) -> tuple[Literal["username", "email"], str] | None:
    """By which key to look for whoever calls themselves so; `None` when nobody can. Never raises."""
    try:
        if "@" in text:
            return "email", normalise_email(text).key
        return "username", normalise_username(text).key
    except InvalidIdentifierError:
        return None


def _invalid_username(message: str, rule: str) -> InvalidIdentifierError:
    return InvalidIdentifierError(broken=(BrokenRule(("username",), message, rule),))


def _invalid_email(message: str) -> InvalidIdentifierError:
    return InvalidIdentifierError(broken=(BrokenRule(("email",), message, "value_error"),))
