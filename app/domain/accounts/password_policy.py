"""Decides whether a new password is good enough, and says which rule it breaks. Pure: no I/O, no clock.

NIST SP 800-63B-4 section 3.1.1.2 and OWASP ASVS 5 section 6.2: a least length, no composition rules, nothing that is
common, breached or made of what everybody knows. For the comparison a password is folded: NFKC, lower case, and the
usual digits and signs read as the letters they stand for (`0 1 3 4 5 7 @ $ ! |`), so that P@ssw0rd is password.

- common: the folded password is on the list, also when up to five trailing digits or signs are taken off.
- breached: the password itself, letter by letter, is on the operator's list.
- contains_identity: without the user's name, address or its local part, the parts of those, and the product's name,
  fewer than 8 characters are left. A long passphrase may hold a name; a password made of one is refused.
"""

import re
import string
import unicodedata
from collections.abc import Container, Iterable
from functools import lru_cache

from app.crypto.password_text import MAX_BYTES, PasswordTooLongError, nfc
from app.errors import BrokenRule, RuleViolationError

_SPELT_WITH = str.maketrans("013457@$!|l", "oieastasiii")
_TAIL = string.digits + string.punctuation + " "
_LONGEST_TAIL = 5
_LEAST_OWN = 8
_SHORTEST_NAME = 3
_SHORTEST_PART = 4


class PasswordRejectedError(RuleViolationError):
    """A new password breaks one or more of `too_short`, `too_long`, `common`, `breached`, `contains_identity`."""

    code = "password_rejected"
    title = "This password cannot be used: choose another one."


class PasswordPolicy:
    """The rules in force.

    `min_length` counts code points after NFC. `common` is compared folded, `breached` exactly (in NFC).
    """

    def __init__(
        self,
        *,
        min_length: int,
        common: Iterable[str],
        breached: Container[str] = frozenset(),
        product_words: tuple[str, ...] = ("signet",),
    ) -> None:
        self._min_length = min_length
        self._common = _folded(frozenset(common))
        self._breached = breached
        self._product_words = product_words

    def check(
        self, password: str, *, username: str, email: str | None = None, loc: tuple[str, ...] = ("password",)
    ) -> None:
        """Accept the password or say everything that is wrong with it, without repeating it.

        Raises:
            PasswordRejectedError: it breaks the rules in `broken`, each at `loc`.
            RuleViolationError: it is no Unicode text (a lone surrogate).
        """
        try:
            normal = nfc(password)
        except PasswordTooLongError:
            message = f"Use at most {MAX_BYTES} bytes in UTF-8; that is as many plain letters."
            raise PasswordRejectedError(broken=(BrokenRule(loc, message, "too_long"),)) from None
        except UnicodeEncodeError:
            message = "This is not valid Unicode text: it holds half of a surrogate pair."
            raise RuleViolationError(broken=(BrokenRule(loc, message, "string_unicode"),)) from None
        broken = []
        if len(normal) < self._min_length:
            broken.append(BrokenRule(loc, f"Use at least {self._min_length} characters.", "too_short"))
        if self._is_common(normal):
            message = "This is among the most common passwords, or nearly. Choose one that nobody else would think of."
            broken.append(BrokenRule(loc, message, "common"))
        if normal in self._breached:
            message = "This password was seen in a data breach, so attackers try it first. Choose another one."
            broken.append(BrokenRule(loc, message, "breached"))
        if self._is_built_from_identity(normal, username, email):
            message = (
                f"Use at least {_LEAST_OWN} characters besides your username, your e-mail address and the name of"
                " this service."
            )
            broken.append(BrokenRule(loc, message, "contains_identity"))
        if broken:
            raise PasswordRejectedError(broken=tuple(broken))

    def _is_common(self, normal: str) -> bool:
        folded = _fold(normal)
        stem = folded.rstrip(_TAIL)
        return _read(folded) in self._common or (
            len(folded) - len(stem) <= _LONGEST_TAIL and _read(stem) in self._common
        )

    def _is_built_from_identity(self, normal: str, username: str, email: str | None) -> bool:
        whole = rest = _read(_fold(normal))
        for word in self._identity_words(username, email):
            rest = rest.replace(word, "")
        return rest != whole and len(rest) < _LEAST_OWN

    def _identity_words(self, username: str, email: str | None) -> list[str]:
        """What everybody knows of the user, folded, the longest first."""
        names = [username, *self._product_words]
        if email is not None:
            names += [email, email.rpartition("@")[0]]
        words = {_read(_fold(name)) for name in names if len(name) >= _SHORTEST_NAME}
        for name in names:
            parts = re.split(r"[._+-]", name.rpartition("@")[0] or name)
            words |= {_read(_fold(part)) for part in parts if len(part) >= _SHORTEST_PART}
        return sorted(words, key=len, reverse=True)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=2)
def _folded(words: frozenset[str]) -> frozenset[str]:
    """The list as passwords are compared with it; folding thirty thousand takes a while, and they stay the same."""
    return frozenset(_read(_fold(word)) for word in words)


def _read(folded: str) -> str:
    """Digits and signs as the letters they stand for; 1 is read as i and as l, so these are one letter here."""
    return folded.translate(_SPELT_WITH)
