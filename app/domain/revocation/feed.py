"""Follows the table of revocations: one task, one connection, for ever. What both databases have in common.

A cycle is: connect and load everything when there is no connection, then one poll. Whoever needs to know *now* calls
`poll()`, and all who call before the next poll begins share that one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from app.clock import Clock
from app.domain.revocation.entries import Entry, Row, entry_from_row
from app.domain.revocation.freshness import Freshness, Moment


class Sink(Protocol):
    """Where a follower puts what it learns. Neither may wait."""

    def apply(self, entries: Sequence[Entry]) -> object:
        """Take in entries, of which some may be known."""

    def forget(self, now: datetime) -> object:
        """Let go what has expired: by `now`, the earlier of our clock's and the database's time."""


POLL_LIMIT = 1.0
"""Seconds one poll may take. A silently dead connection is noticed by it."""

CHUNK = 10_000
"""Rows of one step of a full load."""

_SLICE = 500
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_SPACING = 0.02
_COMPLAINT_EVERY = 30.0

Stored = TypeVar("Stored")

_log = structlog.get_logger("signet.revocation")


class Follower(ABC):
    """Keeps one worker's index in step with the table.

    `load` once, then `run` as a task; `close` when that task is over. Counts what it does for metrics.
    """

    clock_skew_seconds: float = 0.0
    """How far the database's clock is ahead of ours; 0 where they are one."""

    def __init__(self, clock: Clock, *, interval: timedelta) -> None:
        self._clock = clock
        self._interval = interval.total_seconds()
        self._sink: Sink | None = None
        self._connected = False
        self._freshness = Freshness()
        self._wake = asyncio.Event()
        self._waiting: asyncio.Future[bool] | None = None
        self._complained_at: float | None = None
        self._first: Moment | None = None
        self.polls = 0
        self.loads = 0
        self.failures = 0
        self.rows_polled = 0
        self.skewed_polls = 0

    async def load(self, sink: Sink) -> None:
        """Hand every live entry to `sink`, and from now on every new one. Raises what the database raises."""
        self._sink = sink
        await self._cycle()

    async def run(self) -> None:
        """Follow until cancelled. Whatever fails is logged and tried again, with a pause of at most a second."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._cycle()
            except Exception as error:  # noqa: BLE001  # a follower that died would leave the worker stale for ever
                self._complain(error)
                await self._rest(pause, at_least=_FIRST_PAUSE)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                await self._rest(self._interval, at_least=_SPACING)

    async def poll(self, *, within: float) -> bool:
        """Whether a poll that began after this call succeeded within so many seconds. Shared by all who wait."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        waiting = self._waiting
        self._wake.set()
        done, _ = await asyncio.wait((waiting,), timeout=within)
        return bool(done) and waiting.result()

    def age_seconds(self) -> float:
        """How long ago the last successful poll started; infinite before the first."""
        return self._freshness.age(self._clock)

    async def close(self) -> None:
        """Give the connection up."""
        self._connected = False
        await self._disconnect()

    @abstractmethod
    async def _connect_and_load(self) -> None:
        """Open a connection and apply every live row, merged with what is held, in chunks."""

    @abstractmethod
    async def _read_new(self) -> int:
        """Apply what is new since the last reading. How many rows came."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Drop the connection, whatever state it is in. Bounded, never raises."""

    async def _cycle(self) -> None:
        waiting: asyncio.Future[bool] | None = None
        try:
            if not self._connected:
                await self._connect_and_load()
                self._connected = True
                self.loads += 1
            waiting = self._take_waiting()
            started = Moment.of(self._clock)
            self.polls += 1
            async with asyncio.timeout(POLL_LIMIT):
                self.rows_polled += await self._read_new()
            self._receiver.forget(self._surely_past(started))
        except BaseException:
            self.failures += 1
            self._answer(waiting or self._take_waiting(), succeeded=False)
            await self.close()
            raise
        self._freshness.succeeded(started)
        self._complained_at = None
        self._answer(waiting, succeeded=True)

    def _surely_past(self, moment: Moment) -> datetime:
        """By what time to forget: a clock of ours that ran ahead must not let go what it would miss once set right.

        So the earliest of our wall clock, the database's, and what our wall clock was at first plus boot time since.
        """
        if self._first is None:
            self._first = moment
        steady = self._first.wall + timedelta(seconds=moment.boottime - self._first.boottime)
        return min(moment.wall, moment.wall + timedelta(seconds=self.clock_skew_seconds), steady)

    @property
    def _receiver(self) -> Sink:
        if self._sink is None:
            raise RuntimeError("a follower runs only after load() has told it where entries go")
        return self._sink

    async def _take(self, rows: Sequence[Stored], as_row: Callable[[Stored], Row]) -> None:
        """Apply `rows` in slices, between which requests have their turn."""
        for start in range(0, len(rows), _SLICE):
            entries: list[Entry] = []
            for row in map(as_row, rows[start : start + _SLICE]):
                entry = entry_from_row(row)
                if entry is None:
                    _log.warning("revocation_not_understood", kind=row[0])
                else:
                    entries.append(entry)
            self._receiver.apply(entries)
            await asyncio.sleep(0)

    def _take_waiting(self) -> asyncio.Future[bool] | None:
        waiting, self._waiting = self._waiting, None
        self._wake.clear()
        return waiting

    @staticmethod
    def _answer(waiting: asyncio.Future[bool] | None, *, succeeded: bool) -> None:
        if waiting is not None:
            waiting.set_result(succeeded)

    async def _rest(self, seconds: float, *, at_least: float) -> None:
        await asyncio.sleep(at_least)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds - at_least)):
                await self._wake.wait()

    def _complain(self, error: Exception) -> None:
        now = self._clock.boottime()
        if self._complained_at is not None and now - self._complained_at < _COMPLAINT_EVERY:
            return
        self._complained_at = now
        _log.warning("revocations_not_followed", error=f"{type(error).__name__}: {error}")
