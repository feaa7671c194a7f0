"""Judges one line of an import file: a user to be, or a sentence that says why not. Pure: no I/O, no clock.

The sentences never carry what the line held, which may be a hash, apart from the names of misspelt members.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.crypto.foreign_hashes import absurd_cost, recognise
from app.domain.accounts.account import MAX_ROLES
from app.domain.accounts.identifiers import Identifier, InvalidIdentifierError, normalise_email, normalise_username
from app.domain.accounts.roles import is_role

_NONE = type(None)
_MEMBERS: dict[str, tuple[type, ...]] = {
    "username": (str,),
    "email": (str, _NONE),
    "email_verified": (bool,),
    "password_hash": (str,),
    "roles": (list,),
    "is_active": (bool,),
    "created_at": (str, _NONE),
}
_REQUIRED = ("username", "password_hash")
_WORDS = {str: "text", bool: "true or false", list: "a list of texts", _NONE: "null"}
# A misspelt member is named when its name is surely no hash, and nothing that a terminal would obey.
_SHOWABLE = re.compile(r"[A-Za-z_ -]{1,40}")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NOT_IN_A_USERNAME = re.compile(r"[^A-Za-z0-9._-]+")
_SHORTEST_USERNAME, _LONGEST_USERNAME = 3, 64
_LAST_SMALL_NUMBER = 9
_DIGITS = (4, 8, 16)


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A good line. `usernames` are those the user may get, the best first: one, unless they were made."""

    usernames: tuple[Identifier, ...]
    email: Identifier | None
    email_verified: bool
    password_hash: str = field(repr=False)
    roles: tuple[str, ...]
    is_active: bool
    created_at: datetime | None

    @property
    def has_made_username(self) -> bool:
        """Whether the file names an address only, by which the user is then recognised."""
        return len(self.usernames) > 1


class RefusedLineError(ValueError):
    """The line is no user; the text is a sentence for the operator."""


def judge_line(line: bytes, now: datetime) -> ImportedUser:
    """The user that a line of JSON describes.

    Raises:
        RefusedLineError: it describes none; it says the first thing that is wrong.
    """
    given = _members(line)
    usernames, email = _identifiers(given["username"], given.get("email"))
    email_verified = given.get("email_verified", False)
    if email_verified and email is None:
        raise RefusedLineError('"email_verified" is true, and there is no address.')
    return ImportedUser(
        usernames=usernames,
        email=email,
        email_verified=email_verified,
        password_hash=_password_hash(given["password_hash"]),
        roles=_roles(given.get("roles", [])),
        is_active=given.get("is_active", True),
        created_at=_moment(given.get("created_at"), now),
    )


def made_usernames(email: Identifier) -> tuple[Identifier, ...]:
    """Usernames for whoever has this address: its local part made to fit, then with numbers added, the best first.

    The long numbers come from the address, so that thousands of `info@` find free names by few questions, and the same
    ones in every run.
    """
    local_part = unicodedata.normalize("NFKD", email.shown.rpartition("@")[0]).encode("ascii", "ignore").decode()
    base = _NOT_IN_A_USERNAME.sub("-", local_part).strip("-._")
    if len(base) < _SHORTEST_USERNAME:
        base = f"user-{base}".rstrip("-")
    digits = f"{int.from_bytes(hashlib.sha256(email.key.encode()).digest()[:8]):020d}"[::-1]
    endings = ["", *map(str, range(2, _LAST_SMALL_NUMBER + 1)), *(digits[:length] for length in _DIGITS)]
    room = _LONGEST_USERNAME - len("-") - max(_DIGITS)
    return tuple(normalise_username(f"{base[:room]}-{end}" if end else base[:_LONGEST_USERNAME]) for end in endings)


def _members(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise RefusedLineError("The line is not UTF-8.") from None
    except RefusedLineError:
        raise
    except (ValueError, RecursionError):
        raise RefusedLineError("The line is not JSON.") from None
    if not isinstance(given, dict):
        raise RefusedLineError("The line is not a JSON object.")
    for name, value in given.items():
        kinds = _MEMBERS.get(name)
        if kinds is None:
            shown = f'"{name}"' if _SHOWABLE.fullmatch(name) else "of another name"
            raise RefusedLineError(f"There is a member {shown}; known are {', '.join(_MEMBERS)}.")
        if type(value) not in kinds:
            raise RefusedLineError(f'"{name}" must be {" or ".join(_WORDS[kind] for kind in kinds)}.')
    for name in _REQUIRED:
        if name not in given:
            raise RefusedLineError(f'"{name}" is missing.')
    return given


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) < len(pairs):
        raise RefusedLineError("A member is there twice.")
    return given


def _identifiers(username: str, address: str | None) -> tuple[tuple[Identifier, ...], Identifier | None]:
    try:
        email = normalise_email(address) if address else None  # other software keeps "" for "none"
        if "@" not in username:
            return (normalise_username(username),), email
        own = normalise_email(username)
    except InvalidIdentifierError as error:
        broken = error.broken[0]
        raise RefusedLineError(f'"{broken.loc[0]}": {broken.message}') from None
    if email is not None and email.key != own.key:
        raise RefusedLineError('"username" is an address, and "email" is another one.')
    return made_usernames(own), own


def _password_hash(text: str) -> str:
    if recognise(text) is None:
        raise RefusedLineError("The password hash is of no kind that Signet can verify.")
    if absurd_cost(text):
        raise RefusedLineError("The password hash is absurdly costly: it takes over five seconds or 1 GiB to verify.")
    return text


def _roles(names: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(name, str) and is_role(name) for name in names):
        raise RefusedLineError("A role is a text of 1 to 64 of a-z, 0-9, '.', '_', ':' and '-'.")
    roles = tuple(dict.fromkeys(names))
    if len(roles) > MAX_ROLES:
        raise RefusedLineError(f"A user has at most {MAX_ROLES} roles.")
    return roles


def _moment(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    spelled = text.upper()
    try:
        moment = datetime.fromisoformat(spelled).astimezone(UTC) if _RFC_3339.fullmatch(spelled) else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise RefusedLineError('"created_at" is not a moment as in RFC 3339, such as 2024-02-29T12:00:00Z.')
    if moment > now:
        raise RefusedLineError('"created_at" lies in the future.')
    return moment
