"""A clock that can be shifted, workers on a real database, and a follower whose polls the test holds in its hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from app.clock import Clock, SystemClock
from app.database import dialects
from app.database.engine import Database
from app.domain.revocation.feed import Follower
from app.domain.revocation.index import RevocationIndex
from app.domain.revocation.postgres_feed import PostgresFollower
from app.domain.revocation.service import Revocations
from app.domain.revocation.sqlite_feed import SqliteFollower

LIFETIME = timedelta(minutes=10)
STALENESS = timedelta(seconds=5)


class ShiftedClock:
    """The machine's clocks, each ahead by what the test says."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self.wall_ahead = timedelta(0)
        self.boottime_ahead = 0.0

    def now(self) -> datetime:
        return self._system.now() + self.wall_ahead

    def boottime(self) -> float:
        return self._system.boottime() + self.boottime_ahead


class HeldFollower(Follower):
    """Polls that wait until `gate` is set, and fail while `broken` is."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, interval=timedelta(hours=1))
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def _connect_and_load(self) -> None:
        if self.broken:
            raise ConnectionError("there is no database")

    async def _read_new(self) -> int:
        await self.gate.wait()
        if self.broken:
            raise ConnectionError("there is no database any more")
        return 0

    async def _disconnect(self) -> None:
        return


def follower(url: str, clock: Clock, *, timeout: timedelta = timedelta(seconds=5)) -> Follower:
    parsed = dialects.normalise_url(url)
    if dialects.is_postgresql(parsed):
        return PostgresFollower(parsed, clock, timeout=timeout)
    return SqliteFollower(parsed, clock, timeout=timeout)


def revocations(follow: Follower, clock: Clock, *, staleness: timedelta = STALENESS) -> Revocations:
    return Revocations(RevocationIndex(), follow, clock, staleness, LIFETIME)


@asynccontextmanager
async def running(service: Revocations) -> AsyncIterator[Revocations]:
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def worker(url: str, clock: Clock | None = None) -> AsyncIterator[Revocations]:
    """What one worker process has: an index and a follower of its own."""
    clock = clock or SystemClock()
    async with running(revocations(follower(url, clock), clock)) as service:
        yield service


@asynccontextmanager
async def database(url: str, clock: Clock | None = None) -> AsyncIterator[Database]:
    engine = dialects.create_engine(
        dialects.normalise_url(url),
        pool_size=4,
        timeout=timedelta(seconds=5),
        server_timeout=timedelta(seconds=5),
    )
    opened = Database(engine, clock or SystemClock(), timeout=timedelta(seconds=10))
    try:
        yield opened
    finally:
        await opened.dispose()


def refuses(
    held: Revocations | RevocationIndex,
    *,
    session: UUID | None = None,
    token: str = "",
    user: UUID | None = None,
    epoch: int = 0,
    key: str = "",
) -> bool:
    """Whether a token is refused of which only these claims matter."""
    return held.refuses(session_id=session or uuid4(), token_id=token, user_id=user or uuid4(), epoch=epoch, key_id=key)


async def becomes(condition: Callable[[], bool], *, within: float) -> bool:
    """Whether `condition` comes true in so many seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while not condition():
        if loop.time() > end:
            return False
        await asyncio.sleep(0.005)
    return True
