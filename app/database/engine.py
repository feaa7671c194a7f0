"""Opens transactions. The only place that knows how a transaction begins, ends and fails.

    transaction()   reads and writes; leaving the block commits, an exception rolls back
    statement()     one read that needs no transaction of its own
    snapshot()      several reads that see one state

What a dependency's failure raises (a lost server, a full pool, a lock held too long) leaves here as
`DatabaseUnavailableError`, bounded in time by the database's timeout: never a hang, never a silent yes.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog
from sqlalchemy import Executable, exc
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import Clock
from app.database import dialects
from app.errors import UnavailableError

_UNAVAILABLE_SQLSTATES = ("08", "28", "3D", "53", "57", "40", "55P03", "25P03", "25006")
"""Connection lost, not let in, no such database, resources, operator intervention, rolled back, lock timeout, idle
timeout, read-only."""
_UNAVAILABLE_SQLITE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)

_log = structlog.get_logger("signet.database")


class DatabaseUnavailableError(UnavailableError):
    """The database did not answer in time, or cannot serve now."""

    @property
    def reason(self) -> str:
        """What its driver said, on one line: for the operator only."""
        cause = self.__cause__
        said = cause.driver_exception if isinstance(cause, exc.DBAPIError) else cause
        return " ".join(str(said).split()) or type(said).__name__


class Transaction:
    """What a use case holds while its block is open, and hands to repositories as `db`.

    `now` is bound once, when the block has been granted (on SQLite after BEGIN IMMEDIATE, which may wait for seconds).
    """

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._after_commit: list[Callable[[], None]] = []
        self.now = now

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]:
        """Run one statement."""
        return await self._connection.execute(statement, parameters)

    @property
    def dialect(self) -> str:
        """`postgresql` or `sqlite`."""
        return self._connection.dialect.name

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Have `effect` run once the commit is durable, and never when it is not. It must not fail and not wait."""
        self._after_commit.append(effect)

    def committed(self) -> None:
        """Run what waited for the commit; one that fails keeps no other from running."""
        for effect in self._after_commit:
            try:
                effect()
            except Exception:  # noqa: BLE001  # what is committed is acknowledged, whatever comes after it
                _log.exception("after a commit")


class Database:
    """A pool of connections to one database."""

    def __init__(self, engine: AsyncEngine, clock: Clock, *, timeout: timedelta) -> None:
        self._engine = engine
        self._clock = clock
        self._timeout = timeout.total_seconds()
        self._writers = asyncio.Lock()
        self.postgresql = dialects.is_postgresql(engine.url)

    @property
    def engine(self) -> AsyncEngine:
        """The engine below, for migrations and health checks."""
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A block that commits when it is left and rolls back when an exception leaves it.

        Blocks do not nest; a use case that composes others passes `db` on. PostgreSQL: READ COMMITTED. SQLite: BEGIN
        IMMEDIATE, so that writers queue at the start and nothing that was read is outdated by the time it is written.

        Raises:
            DatabaseUnavailableError: the block did not begin, or its commit was not acknowledged (it may still have
                happened: a retry must converge).
        """
        time = asyncio.get_running_loop().time
        asked_at = time()
        async with self._turn(), self._connection() as connection:
            async with connection.begin():
                if not self.postgresql:
                    await self._begin_to_write(connection, waited=time() - asked_at)
                db = Transaction(connection, self._clock.now())
                yield db
            db.committed()

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Transaction]:
        """A block for one read: no BEGIN, no COMMIT around it."""
        options = {"isolation_level": "AUTOCOMMIT"} if self.postgresql else {}
        async with self._connection(**options) as connection:
            yield Transaction(connection, self._clock.now())

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """A block for several reads that see one state of the database."""
        options: dict[str, Any] = (
            {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.postgresql else {}
        )
        async with self._connection(**options) as connection, connection.begin():
            if not self.postgresql:
                await connection.exec_driver_sql("BEGIN DEFERRED")
            yield Transaction(connection, self._clock.now())

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """On SQLite, which has one writer: wait in line without a connection, so that readers find one.

        Writers of other processes wait in SQLite itself (`busy_timeout`).
        """
        if self.postgresql:
            yield
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._writers.acquire()
        except TimeoutError as error:
            raise DatabaseUnavailableError from error
        try:
            yield
        finally:
            self._writers.release()

    async def _begin_to_write(self, connection: AsyncConnection, *, waited: float) -> None:
        """BEGIN IMMEDIATE, which waits for other processes for what the line has left of the time."""
        begin = "BEGIN IMMEDIATE"
        if waited < self._timeout / 10:
            await connection.exec_driver_sql(begin)
            return
        await connection.exec_driver_sql(dialects.sqlite_busy_timeout(max(0.0, self._timeout - waited)))
        try:
            await connection.exec_driver_sql(begin)
        finally:
            await connection.exec_driver_sql(dialects.sqlite_busy_timeout(self._timeout))

    @asynccontextmanager
    async def _connection(self, **options: Any) -> AsyncIterator[AsyncConnection]:
        async with self.unavailability_is_told(), self._engine.connect() as connection:
            if options:
                await connection.execution_options(**options)
            yield connection

    @asynccontextmanager
    async def unavailability_is_told(self) -> AsyncIterator[None]:
        """Turn a dependency's failure into DatabaseUnavailableError; for what uses `engine` directly, too."""
        try:
            yield
        except (exc.TimeoutError, exc.DBAPIError, asyncpg.PostgresConnectionError, OSError, TimeoutError) as error:
            if not is_unavailability(error):
                raise
            raise DatabaseUnavailableError from error


def is_unavailability(error: BaseException) -> bool:
    """Whether `error` says that the database cannot serve now (else it is a defect of ours, or a broken constraint)."""
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or is_unavailability(error.driver_exception)
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_UNAVAILABLE_SQLSTATES)
    if isinstance(error, sqlite3.DatabaseError):  # those of the module itself carry no code
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNAVAILABLE_SQLITE_CODES
    return isinstance(error, (exc.TimeoutError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError))


def is_unique_violation(error: exc.IntegrityError, constraint: str, column: str) -> bool:
    """Whether a unique constraint was broken: by its name on PostgreSQL, by its column (`table.column`) on SQLite."""
    cause = error.driver_exception
    if isinstance(cause, asyncpg.UniqueViolationError):
        return bool(cause.constraint_name == constraint)
    return isinstance(cause, sqlite3.IntegrityError) and column in str(cause)
