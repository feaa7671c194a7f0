"""Decides whether an imported user can have the name and the address, and which username is made. Pure: no I/O."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.accounts.identifiers import Identifier
from app.domain.accounts.import_line import ImportedUser


class Outcome(StrEnum):
    """What became of a line. Skipped: the user is here already."""

    IMPORTED = "imported"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True)
class Verdict:
    """What becomes of a user: `username` to be stored under, or the reason why not, a sentence."""

    outcome: Outcome
    username: Identifier | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Taken:
    """The usernames (their keys) that users of the database have, and whose the addresses are."""

    usernames: frozenset[str]
    username_by_email: dict[str, str]


class Places:
    """The names and addresses that the lines of one file have had so far; nothing else of them is remembered."""

    def __init__(self) -> None:
        self._line_by_key: dict[str, int] = {}  # one table for both: an address has an '@', a username never

    def judge(self, line: int, user: ImportedUser, taken: Taken) -> Verdict:
        """Whether the user is new, and as whom; the name and the address are then kept from later lines."""
        verdict = self._of_file(user) or _of_database(user, taken) or self._new(user, taken)
        if verdict.outcome is not Outcome.REFUSED:
            username_key = (verdict.username or user.usernames[0]).key
            if user.email:
                self._line_by_key[user.email.key] = line
                username_key = taken.username_by_email.get(user.email.key, username_key)
            self._line_by_key[username_key] = line
        return verdict

    def give_back(self, username_key: str, email_key: str | None) -> None:
        """Forget a place that could not be had after all."""
        self._line_by_key.pop(username_key, None)
        if email_key is not None:
            self._line_by_key.pop(email_key, None)

    def _of_file(self, user: ImportedUser) -> Verdict | None:
        if user.email and (line := self._line_by_key.get(user.email.key)):
            return _refused(f"Line {line} has the same address.")
        if not user.has_made_username and (line := self._line_by_key.get(user.usernames[0].key)):
            return _refused(f"Line {line} has the same username.")
        return None

    def _new(self, user: ImportedUser, taken: Taken) -> Verdict:
        for username in user.usernames:
            if username.key not in self._line_by_key and username.key not in taken.usernames:
                return Verdict(Outcome.IMPORTED, username)
        return _refused("Every username that could be made from the address is taken: give one.")


def _of_database(user: ImportedUser, taken: Taken) -> Verdict | None:
    """A user is here already who has the name and the address, or the one of both that the file gives."""
    own_key = user.usernames[0].key
    holder = taken.username_by_email.get(user.email.key) if user.email else None
    if holder is not None:
        known = user.has_made_username or holder == own_key
        return _skipped("The user is already here.") if known else _refused("Another user has this address.")
    if user.has_made_username or own_key not in taken.usernames:
        return None
    if user.email is None:
        return _skipped("A user of this name is already here.")
    return _refused("Another user, without this address, has this username.")


def _skipped(reason: str) -> Verdict:
    return Verdict(Outcome.SKIPPED, reason=reason)


def _refused(reason: str) -> Verdict:
    return Verdict(Outcome.REFUSED, reason=reason)
