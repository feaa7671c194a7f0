"""The lists of passwords that are refused: the common ones that come with us, and the operator's breached ones.

The operator's file has one password a line, or its SHA-1 in hexadecimal as the well-known lists of breached passwords
have it, with or without `:count`; both may stand in one file. In memory a password takes eight bytes (the beginning of
its SHA-1), in every worker; while it is read some sixty more, and three or four seconds a million entries. Two million
are the most that is taken: longer lists are best cut to their most frequent entries, for what is rarer is rarely tried.
"""

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.crypto.password_text import MAX_BYTES, nfc

MOST_ENTRIES = 2_000_000
_SHA1_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::\d+)?")
_SHA1_DIGITS = 40
_LONGEST_LINE = 4096
_PREFIX_BYTES = 8


class BreachedListError(ValueError):
    """The list cannot be used. The message is one sentence for the operator."""


class BreachedPasswords:
    """A set of passwords that remembers eight bytes of each: `password in breached`, exactly, in NFC."""

    def __init__(self, prefixes: Iterable[int]) -> None:
        self._prefixes = array("Q", sorted(prefixes))

    def __len__(self) -> int:
        return len(self._prefixes)

    def __contains__(self, password: object) -> bool:
        if not isinstance(password, str):
            return False
        wanted = _prefix(_sha1(password.encode()))
        place = bisect_left(self._prefixes, wanted)
        return place < len(self._prefixes) and self._prefixes[place] == wanted


@cache
def common_passwords() -> frozenset[str]:
    """The 30,000 most common passwords, in lower case (zxcvbn's frequency list)."""
    return frozenset(FREQUENCY_LISTS["passwords"])


def load_breached(path: Path) -> BreachedPasswords:
    """The operator's list. Lines that can be no password of ours (not UTF-8, over 1,024 bytes) are passed over.

    Raises:
        BreachedListError: it has more than two million entries.
        OSError: it cannot be read.
    """
    prefixes: set[int] = set()
    for line in _lines(path):
        try:
            prefixes.add(_prefix(_digest_of(line)))
        except ValueError:
            continue
        if len(prefixes) > MOST_ENTRIES:
            raise BreachedListError(
                f"The list of breached passwords has more than {MOST_ENTRIES:,} entries: keep the most frequent ones."
            )
    return BreachedPasswords(prefixes)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            if text := line.rstrip(b"\r\n"):
                yield text


def _digest_of(line: bytes) -> bytes:
    if len(line) >= _SHA1_DIGITS and (found := _SHA1_LINE.fullmatch(line)):
        return bytes.fromhex(found[1].decode())
    if line.isascii() and len(line) <= MAX_BYTES:
        return _sha1(line)
    return _sha1(nfc(line.decode()).encode())


def _sha1(normal: bytes) -> bytes:
    return hashlib.sha1(normal, usedforsecurity=False).digest()


def _prefix(digest: bytes) -> int:
    return int.from_bytes(digest[:_PREFIX_BYTES])
