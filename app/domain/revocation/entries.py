"""What one revocation says. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What an entry speaks of. Newer releases may know more; followers pass over what they do not know."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105  # a kind's name
    USER = "user"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Entry:
    """Refuses, until `expires_at` (None: for ever), the access tokens it concerns.

    `subject` is a `sid`, a `jti`, a `sub` or a `kid`. An entry for a user refuses the tokens whose epoch is lower than
    `min_epoch`; the other kinds have none.
    """

    kind: Kind
    subject: str
    min_epoch: int | None
    reason: str
    created_at: datetime
    expires_at: datetime | None

    def __post_init__(self) -> None:
        """Refuse what no index could hold.

        Raises:
            ValueError: a session or user that is not a UUID, a user without an epoch.
        """
        if self.kind is Kind.SESSION or self.kind is Kind.USER:
            UUID(self.subject)
        if (self.kind is Kind.USER) != (self.min_epoch is not None):
            raise ValueError("an entry has a lowest epoch if, and only if, it is for a user")


Row = tuple[str, str, int | None, str, datetime, datetime | None]
"""A stored entry: kind, subject, min_epoch, reason, created_at, expires_at."""


def entry_from_row(row: Row) -> Entry | None:
    """The entry that a stored row says; None for a kind that only a newer release knows, or a row nobody can mean."""
    kind, subject, min_epoch, reason, created_at, expires_at = row
    try:
        return Entry(Kind(kind), subject, min_epoch, reason, created_at, expires_at)
    except ValueError:
        return None
