import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from app.clock import SystemClock
from app.database.engine import Database
from app.domain.revocation.entries import Entry, Kind
from app.domain.revocation.models import Revocation
from app.domain.revocation.writer import SLACK
from tests.revocation.support import LIFETIME, ShiftedClock, becomes, database, follower, refuses, revocations, worker


async def _rows(url: str, *columns: Any) -> list[Any]:
    """Read back through a connection of its own."""
    async with database(url) as fresh, fresh.statement() as db:
        return list(await db.execute(select(*columns).order_by(Revocation.seq)))


async def _count(store: Database) -> int:
    async with store.statement() as db:
        return int((await db.execute(select(func.count()).select_from(Revocation))).scalar_one())


async def test_what_this_worker_revokes_it_refuses_with_the_commit_and_not_before(database_url: str) -> None:
    clock = SystemClock()
    service, session = revocations(follower(database_url, clock), clock), uuid4()
    async with database(database_url) as store:
        async with store.transaction() as db:
            await service.revoke_session(db, session, reason="logout", access_expires_at=None)
            before = refuses(service, session=session)

        after = refuses(service, session=session)

    assert (before, after) == (False, True)


async def test_what_is_rolled_back_is_never_refused(database_url: str) -> None:
    clock = SystemClock()
    service, session = revocations(follower(database_url, clock), clock), uuid4()
    async with database(database_url) as store:
        with suppress(KeyError):
            async with store.transaction() as db:
                await service.revoke_session(db, session, reason="logout", access_expires_at=None)
                raise KeyError

        assert not refuses(service, session=session)
        assert await _count(store) == 0


async def test_every_kind_reaches_another_worker_within_a_second(database_url: str) -> None:
    clock = SystemClock()
    ours = revocations(follower(database_url, clock), clock)
    session, user, several = uuid4(), uuid4(), [uuid4() for _ in range(3)]
    async with worker(database_url) as other, database(database_url) as store:
        async with store.transaction() as db:
            await ours.revoke_session(db, session, reason="logout", access_expires_at=None)
            await ours.revoke_user(db, user, min_epoch=7, reason="logout_all", access_expires_at=None)
            await ours.revoke_token(db, "a-jti", reason="revoked", access_expires_at=None)
            await ours.revoke_key(db, "a-kid", reason="stolen")
            await ours.revoke_sessions(db, [(one, None) for one in several], reason="password_changed")
            await ours.revoke_sessions(db, [], reason="password_changed")

        assert await becomes(lambda: refuses(other, key="a-kid"), within=1)
        assert refuses(other, session=session)
        assert refuses(other, user=user, epoch=6)
        assert not refuses(other, user=user, epoch=7)
        assert refuses(other, token="a-jti")
        assert all(refuses(other, session=one) for one in several)
        assert not refuses(other)


async def test_an_entry_outlives_every_token_it_could_concern(database_url: str) -> None:
    clock = SystemClock()
    service = revocations(follower(database_url, clock), clock)
    async with database(database_url) as store, store.transaction() as db:
        now, late = db.now, db.now + timedelta(hours=3)
        for last in (None, now - timedelta(hours=1), now, late):
            await service.revoke_session(db, uuid4(), reason="logout", access_expires_at=last)
        await service.revoke_key(db, "a-kid", reason="stolen")

    expiries = [row.expires_at for row in await _rows(database_url, Revocation.expires_at)]

    assert expiries == [*[now + LIFETIME + SLACK] * 3, late + SLACK, None]


async def test_a_dead_logout_adds_no_row_while_one_lives_as_long_to_the_minute(database_url: str) -> None:
    clock = ShiftedClock()
    service, session = revocations(follower(database_url, clock), clock), uuid4()
    seconds_left = 60 - clock.now().second
    if seconds_left < 30:
        clock.wall_ahead = timedelta(seconds=seconds_left)

    async def log_out(last: timedelta) -> int:
        async with database(database_url, clock) as store:
            async with store.transaction() as db:
                await service.revoke_session_once(db, session, reason="logout", access_expires_at=db.now + last)
            return await _count(store)

    first = await log_out(LIFETIME)
    clock.wall_ahead += timedelta(seconds=20)
    again, longer, shorter = await log_out(LIFETIME), await log_out(LIFETIME * 2), await log_out(LIFETIME)

    assert (first, again, longer, shorter) == (1, 1, 2, 2)
    assert refuses(service, session=session)


async def test_a_logout_that_writes_no_row_still_refuses_here(database_url: str) -> None:
    clock, session = SystemClock(), uuid4()
    elsewhere, here = (revocations(follower(database_url, clock), clock) for _ in range(2))
    last = clock.now() + timedelta(hours=1)
    async with database(database_url) as store:
        for service in (elsewhere, here):
            async with store.transaction() as db:
                await service.revoke_session_once(db, session, reason="logout", access_expires_at=last)

        assert await _count(store) == 1
        assert refuses(here, session=session)


async def test_thousands_of_sessions_are_revoked_at_once(database_url: str) -> None:
    clock, sessions = SystemClock(), [uuid4() for _ in range(2_500)]
    service = revocations(follower(database_url, clock), clock)
    async with database(database_url) as store:
        async with store.transaction() as db:
            await service.revoke_sessions(db, [(one, None) for one in sessions], reason="user_disabled")

        assert await _count(store) == 2_500
        assert service.sizes()[Kind.SESSION] == 2_500


async def test_expired_rows_are_deleted_and_no_others(database_url: str) -> None:
    clock = SystemClock()
    service = revocations(follower(database_url, clock), clock)
    async with database(database_url) as store:
        async with store.transaction() as db:
            now = db.now
            await service.revoke_sessions(db, [(uuid4(), None) for _ in range(1_200)], reason="logout")
            await service.revoke_token(db, "later", reason="revoked", access_expires_at=now + timedelta(hours=5))
            await service.revoke_key(db, "a-kid", reason="stolen")

        deleted = [await service.prune(store, now + timedelta(hours=hours)) for hours in (1, 25, 25)]

    assert deleted == [0, 1_200, 0]
    assert [row.subject for row in await _rows(database_url, Revocation.subject)] == ["later", "a-kid"]


def _fail(_entry: Entry) -> None:
    raise LookupError("a subscriber with a mistake")


async def test_subscribers_hear_each_entry_once_wherever_it_comes_from(database_url: str) -> None:
    heard_here, heard_there = list[Entry](), list[Entry]()
    async with worker(database_url) as here, worker(database_url) as there, database(database_url) as store:
        here.subscribe(_fail)
        here.subscribe(heard_here.append)
        there.subscribe(heard_there.append)

        async with store.transaction() as db:
            await here.revoke_key(db, "a-kid", reason="stolen")
        heard_at_once = list(heard_here)
        await becomes(lambda: refuses(there, key="a-kid"), within=1)
        await asyncio.sleep(0.5)

        assert [(entry.kind, entry.subject) for entry in heard_at_once] == [(Kind.KEY, "a-kid")]
        assert heard_here == heard_at_once
        assert heard_there == heard_at_once
