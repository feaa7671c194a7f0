"""Follows the table of revocations on PostgreSQL: by transaction, not by number.

`seq > last` would lose a transaction that took its number early and commits late, and everything after a failover;
the oldest running transaction alone would re-send everything while any stays open. So each poll asks for the rows
whose transaction the poll before could not see. NOTIFY only makes it sooner.
"""

from datetime import datetime, timedelta

import asyncpg
import structlog
from sqlalchemy import URL

from app.clock import Clock
from app.database.notifications import connect
from app.domain.revocation.entries import Row
from app.domain.revocation.feed import CHUNK, Follower
from app.domain.revocation.repository import CHANNEL

SKEW_LOGGED = 10.0
"""Seconds between our clock and the database's from which on it is logged and counted."""

_SKEW_LOGGED_EVERY = 60.0

_COLUMNS = "r.seq, r.kind, r.subject, r.min_epoch, r.reason, r.created_at, r.expires_at"
_POSITION = "SELECT pg_current_snapshot()::text AS snapshot, clock_timestamp() AS clock"
_ALL = f"""
    SELECT {_COLUMNS} FROM revocations AS r
    WHERE r.seq > $1 AND (r.expires_at IS NULL OR r.expires_at > $2) ORDER BY r.seq LIMIT {CHUNK}
"""  # noqa: S608  # our own words only
_NEW = f"""
    SELECT pg_current_snapshot()::text AS snapshot, clock_timestamp() AS clock, {_COLUMNS}
    FROM (SELECT 1) AS always LEFT JOIN revocations AS r
    ON r.xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(r.xid, $1::text::pg_snapshot)
"""  # noqa: S608  # our own words only

_log = structlog.get_logger("signet.revocation")


class PostgresFollower(Follower):
    """A connection outside the pool that listens, and asks every 400 ms whether or not it was woken."""

    def __init__(self, url: URL, clock: Clock, *, timeout: timedelta, interval: timedelta | None = None) -> None:
        super().__init__(clock, interval=timedelta(milliseconds=400) if interval is None else interval)
        self._url = url
        self._timeout = timeout
        self._connection: asyncpg.Connection | None = None
        self._seen = ""
        self._skew_logged_at: float | None = None

    async def _connect_and_load(self) -> None:
        connection = await connect(self._url, name="signet revocations", bound=self._timeout)
        self._connection = connection
        # Before the snapshot, so that nothing is committed unheard between the two.
        await connection.add_listener(CHANNEL, self._woken)
        # No one bound around it all, a million entries take seconds: the connection bounds each step.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            position = await connection.fetchrow(_POSITION)
            now, last = min(self._clock.now(), position["clock"]), 0
            while True:
                rows = await connection.fetch(_ALL, last, now)
                await self._take(rows, _row)
                if len(rows) < CHUNK:
                    break
                last = rows[-1]["seq"]
        self._seen = position["snapshot"]

    async def _read_new(self) -> int:
        if self._connection is None:
            raise ConnectionError("there is no connection to poll on")
        asked_at = self._clock.now()
        rows = await self._connection.fetch(_NEW, self._seen)
        self._compare_clocks(asked_at, rows[0]["clock"], self._clock.now())
        new = rows if rows[0]["seq"] is not None else []
        await self._take(new, _row)
        self._seen = rows[0]["snapshot"]
        return len(new)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _woken(self, *_notice: object) -> None:
        self._wake.set()

    def _compare_clocks(self, asked_at: datetime, theirs: datetime, answered_at: datetime) -> None:
        ours = asked_at + (answered_at - asked_at) / 2
        self.clock_skew_seconds = (theirs - ours).total_seconds()
        if abs(self.clock_skew_seconds) <= SKEW_LOGGED:
            return
        self.skewed_polls += 1
        now = self._clock.boottime()
        if self._skew_logged_at is None or now - self._skew_logged_at >= _SKEW_LOGGED_EVERY:
            self._skew_logged_at = now
            _log.warning("database_clock_differs", seconds=round(self.clock_skew_seconds, 1))


def _row(record: asyncpg.Record) -> Row:
    return tuple(record)[-6:]  # the columns of an entry come last
