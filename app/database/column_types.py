"""Column types that mean the same on PostgreSQL and on SQLite."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. Naive values are refused; SQLite, which forgets zones, gives them back as UTC.

    On SQLite the text is of fixed width down to the microsecond, so that comparing texts compares moments.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime was bound to a UtcDateTime column"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Out of the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """A short list of words without spaces (roles, scopes), kept in one text column as OAuth spells scopes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, _dialect: Dialect) -> str | None:
        """Into the database: joined by single spaces."""
        if value is None:
            return None
        if any(not word or " " in word for word in value):
            msg = "a word of a list is empty or holds a space"
            raise ValueError(msg)
        return " ".join(value)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> tuple[str, ...] | None:
        """Out of the database: a tuple, in the order it was given."""
        return None if value is None else tuple(value.split())
