"""Every difference between PostgreSQL and SQLite that the rest of the code must not see."""

import math
import os
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, ColumnExpressionArgument, Text, event, exc, literal, make_url, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import ischema_names as postgresql_types
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler, TypeCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import UserDefinedType

SQLITE_MINIMUM = (3, 35)
"""RETURNING came with SQLite 3.35."""


def normalise_url(text: str) -> URL:
    """The database URL with our drivers in it; `postgresql://` and `postgres://` mean asyncpg.

    Raises:
        ValueError: with one sentence, when the URL names a database that Signet does not run on.
    """
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):  # the latter quotes what it takes for the port: a part of the password
        raise ValueError("it is not a database URL such as postgresql://user@host/name") from None
    if url.drivername in {"postgres", "postgresql", "postgresql+asyncpg"}:
        return url.set(drivername="postgresql+asyncpg")
    if url.drivername in {"sqlite", "sqlite+aiosqlite"}:
        if not url.database or url.database == ":memory:":
            raise ValueError("an SQLite database must be a file, such as sqlite:///data/signet.db")
        if sqlite3.sqlite_version_info < SQLITE_MINIMUM:
            raise ValueError(f"this Python has SQLite {sqlite3.sqlite_version}; 3.35 or newer is needed")
        return url.set(drivername="sqlite+aiosqlite")
    raise ValueError(f"{url.drivername!r} is not supported: use postgresql:// or sqlite://")


def is_postgresql(url: URL) -> bool:
    """Whether the URL means a PostgreSQL server (else: SQLite)."""
    return url.get_backend_name() == "postgresql"


def create_engine(url: URL, *, pool_size: int, timeout: timedelta, server_timeout: timedelta | None) -> AsyncEngine:
    """An engine whose every wait is bounded by `timeout`.

    `server_timeout` bounds statements, locks and idle transactions at the server, so that a stopped worker cannot hold
    a row for ever; None (migrations) sets no such bound. An error never names what was bound to a statement: hashes
    and addresses would come into the log with it.
    """
    seconds = timeout.total_seconds()
    if is_postgresql(url):
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=seconds,
            hide_parameters=True,
            connect_args=_asyncpg_arguments(url, seconds, server_timeout),
        )
        event.listen(engine.sync_engine, "checkout", _refuse_a_closed_connection)
        return engine
    _make_private(Path(url.database or ""))
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=seconds,
        hide_parameters=True,
        connect_args={"timeout": seconds, "isolation_level": None},
    )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in sqlite_pragmas(timeout):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    return engine


def _make_private(path: Path) -> None:
    """Make the file, if there is none, for its owner alone; SQLite gives its companions the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def sqlite_busy_timeout(seconds: float) -> str:
    """Have a connection wait for so long, at most, for a lock that another one holds."""
    return f"PRAGMA busy_timeout = {math.ceil(seconds * 1000)}"


def sqlite_pragmas(timeout: timedelta) -> tuple[str, ...]:
    """What every SQLite connection is told first.

    FULL: an acknowledged write survives a power cut (NORMAL would bring a logout back alive).
    secure_delete: what a person had deleted is overwritten, not only unlinked.
    """
    return (
        sqlite_busy_timeout(timeout.total_seconds()),
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
    )


def _asyncpg_arguments(url: URL, seconds: float, server_timeout: timedelta | None) -> dict[str, Any]:
    server_settings = {
        "application_name": "signet",
        "jit": "off",
        "timezone": "UTC",
        "synchronous_commit": "on",  # what is acknowledged is durable, whatever the server's default
    }
    arguments: dict[str, Any] = {"server_settings": server_settings}
    if "timeout" not in url.query:
        arguments["timeout"] = seconds
    if server_timeout is not None:
        bound = f"{math.ceil(server_timeout.total_seconds() * 1000)}ms"
        server_settings |= {
            "statement_timeout": bound,
            "lock_timeout": bound,
            "idle_in_transaction_session_timeout": bound,
        }
        # The server's own bound answers first; this one is for a server that no longer answers at all.
        arguments["command_timeout"] = seconds + 0.5
    return arguments


def _refuse_a_closed_connection(
    connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """A connection that the server has closed is replaced at checkout: no round trip asks for it, the socket knows."""
    if connection.driver_connection.is_closed():  # asyncpg's own, behind SQLAlchemy's adapter
        raise exc.DisconnectionError


class _Extreme(GenericFunction[Any]):
    """The first argument's type is the result's."""

    inherit_cache = True

    def __init__(self, *clauses: Any) -> None:
        super().__init__(*clauses)
        self.type = self.clauses.clauses[0].type


class greatest(_Extreme):  # noqa: N801  # an SQL function, spelled as in SQL
    """The largest argument, in one row: GREATEST on PostgreSQL, MAX with several arguments on SQLite."""

    inherit_cache = True
    name = "greatest"


class least(_Extreme):  # noqa: N801  # an SQL function, spelled as in SQL
    """The smallest argument, in one row: LEAST on PostgreSQL, MIN with several arguments on SQLite."""

    inherit_cache = True
    name = "least"


@compiles(greatest, "sqlite")
def _greatest_on_sqlite(element: greatest, compiler: SQLCompiler, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(least, "sqlite")
def _least_on_sqlite(element: least, compiler: SQLCompiler, **kw: Any) -> str:
    return f"min({compiler.process(element.clauses, **kw)})"


class Xid8(UserDefinedType[int]):
    """A PostgreSQL transaction id of 64 bits. SQLite has one writer and needs none: an integer stands there."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The name of the type."""
        return "xid8"


postgresql_types["xid8"] = Xid8  # so that a schema that is read back knows the type


@compiles(Xid8, "sqlite")
def _xid8_on_sqlite(_element: Xid8, _compiler: TypeCompiler, **_kw: Any) -> str:
    return "INTEGER"


class current_xact_id(ColumnElement[int]):  # noqa: N801  # an SQL function, spelled as in SQL
    """The id of the running transaction, as a column default; 0 on SQLite."""

    inherit_cache = True
    type = Xid8()


@compiles(current_xact_id)
def _current_xact_id(_element: current_xact_id, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "pg_current_xact_id()"


@compiles(current_xact_id, "sqlite")
def _no_xact_id_on_sqlite(_element: current_xact_id, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "0"


def contains_word(column: ColumnExpressionArgument[tuple[str, ...]], word: str) -> ColumnElement[bool]:
    """Whether a `Words` column holds `word`."""
    padded = literal(" ").concat(type_coerce(column, Text)).concat(" ")
    return padded.contains(f" {word} ", autoescape=True)


def insert_what_is_free(dialect: str, table: type[DeclarativeBase]) -> Any:
    """An INSERT that passes over rows which would break a unique constraint; say RETURNING to know the others."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
