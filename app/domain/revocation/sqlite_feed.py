"""Follows the table of revocations on SQLite: one writer at a time, so numbers are given in the order of commits.

`PRAGMA data_version` tells cheaply whether another connection has committed anything; only then is the table asked.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import URL

from app.clock import Clock
from app.domain.revocation.entries import Row
from app.domain.revocation.feed import CHUNK, POLL_LIMIT, Follower

_NEW = f"""
    SELECT seq, kind, subject, min_epoch, reason, created_at, expires_at FROM revocations
    WHERE seq > ? ORDER BY seq LIMIT {CHUNK}
"""  # noqa: S608  # our own words only


class SqliteFollower(Follower):
    """A connection that never writes, and never stays in a read (that would keep the WAL from being emptied)."""

    def __init__(self, url: URL, clock: Clock, *, timeout: timedelta, interval: timedelta | None = None) -> None:
        super().__init__(clock, interval=timedelta(milliseconds=250) if interval is None else interval)
        self._file = f"{Path(url.database or '').resolve().as_uri()}?mode=rw"  # never creates the file
        self._timeout = timeout
        self._connection: aiosqlite.Connection | None = None
        self._version = 0
        self._last = 0

    async def _connect_and_load(self) -> None:
        self._connection = await aiosqlite.connect(
            self._file, uri=True, isolation_level=None, timeout=self._timeout.total_seconds()
        )
        await self._connection.execute_fetchall("PRAGMA query_only = ON")
        self._version, self._last = await self._data_version(self._connection), 0
        await self._read_on(self._connection)

    async def _read_new(self) -> int:
        if self._connection is None:
            raise ConnectionError("there is no connection to poll on")
        version = await self._data_version(self._connection)
        if version == self._version:
            return 0
        came = await self._read_on(self._connection)
        self._version = version  # taken before the rows were: what was committed between is read twice, never missed
        return came

    async def _read_on(self, connection: aiosqlite.Connection) -> int:
        came = 0
        while rows := list(await connection.execute_fetchall(_NEW, (self._last,))):
            await self._take(rows, _row)
            self._last = rows[-1][0]
            came += len(rows)
        return came

    async def _data_version(self, connection: aiosqlite.Connection) -> int:
        ((version,),) = await connection.execute_fetchall("PRAGMA data_version")
        return int(version)

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and (stopped := connection.stop()) is not None:
            await asyncio.wait((stopped,), timeout=POLL_LIMIT)


def _row(stored: Any) -> Row:
    *words, created_at, expires_at = stored[1:]
    return (*words, _moment(created_at), expires_at and _moment(expires_at))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
