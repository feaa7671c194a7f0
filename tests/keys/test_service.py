import asyncio

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from app.domain.keys.errors import KeysSealedError, UnknownKeyError
from app.domain.keys.keyring import RingKey
from app.domain.keys.lifecycle import State
from app.domain.keys.models import SigningKey
from app.domain.revocation.entries import Kind
from app.domain.revocation.models import Revocation
from tests.keys.support import DAY, MINUTE, NEW_SECRET, OLD_SECRET, T0, StoppedClock, Worker, worker


async def states(one: Worker) -> list[State]:
    return [key.state for key in await one.keys.list_keys()]


async def test_an_empty_database_gets_an_active_and_a_next_key(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()

        active, following = await one.keys.list_keys()

        assert (active.state, following.state) == (State.ACTIVE, State.NEXT)
        assert active.activates_at == T0
        assert active.retires_at == following.activates_at == T0 + 90 * DAY
        assert one.ring.active(T0).kid == active.kid
        assert [key.kid for key in one.ring.published(T0)] == [active.kid, following.kid]


async def test_ensuring_again_changes_nothing(database_url: str) -> None:
    async with worker(database_url, StoppedClock()) as one:
        await one.keys.ensure()
        before = await one.keys.list_keys()

        await one.keys.ensure()

        assert await one.keys.list_keys() == before


async def test_workers_that_start_together_make_one_pair_of_keys(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one, worker(database_url, clock) as two:
        for each in (one, two):  # a cold pool would make them take turns
            await asyncio.gather(*(each.keys.list_keys() for _ in range(4)))

        await asyncio.gather(*(each.keys.ensure() for each in (one, two) for _ in range(4)))

        assert await states(one) == [State.ACTIVE, State.NEXT]
        assert one.ring.active(T0).kid == two.ring.active(T0).kid


async def test_a_turn_happens_by_time_alone(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()
        first, second = await one.keys.list_keys()

        clock.move(90 * DAY)

        assert one.ring.active(clock.now()).kid == second.kid
        assert one.ring.find(first.kid, clock.now()) is not None
        assert one.ring.find(first.kid, clock.now() + 12 * MINUTE) is None


async def test_a_rotation_on_one_worker_is_picked_up_by_another(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one, worker(database_url, clock) as two:
        await one.keys.ensure()
        await two.keys.ensure()
        clock.move(DAY)

        await one.keys.rotate(now_=False)
        await two.ring.load()

        assert await states(one) == [State.RETIRING, State.ACTIVE, State.NEXT]
        assert two.ring.active(clock.now()).kid == one.ring.active(clock.now()).kid


async def test_a_worker_that_missed_a_key_finds_it_when_its_kid_is_presented(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one, worker(database_url, clock) as two:
        await one.keys.ensure()
        await two.keys.ensure()
        await one.keys.rotate(now_=True)
        await one.keys.rotate(now_=True)
        kid = one.ring.active(clock.now()).kid
        assert two.ring.find(kid, clock.now()) is None

        await asyncio.gather(*(two.ring.reload_for_unknown_kid(kid) for _ in range(3)))

        assert two.ring.find(kid, clock.now()) is not None


async def test_a_key_keeps_its_object_over_reloads_and_moved_times(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()
        before: dict[str, RingKey] = {key.kid: key for key in one.ring.published(clock.now())}

        await one.keys.rotate(now_=True)

        after = {key.kid: key for key in one.ring.published(clock.now())}
        assert len(after) == 3
        assert all(after[kid] is key for kid, key in before.items())


async def test_a_revoked_active_key_leaves_and_the_next_signs_at_once(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()
        first, second = await one.keys.list_keys()
        clock.move(MINUTE)

        with capture_logs() as logs:
            await one.keys.revoke(first.kid)

        assert one.ring.find(first.kid, clock.now()) is None
        assert one.ring.active(clock.now()).kid == second.kid
        assert sorted(await states(one)) == [State.ACTIVE, State.GONE, State.NEXT]
        assert [entry["event"] for entry in logs] == ["key_revoked"]
        async with one.database.statement() as db:
            rows = (await db.execute(select(Revocation.__table__))).all()
        assert [(row.kind, row.subject, row.reason, row.expires_at) for row in rows] == [
            (Kind.KEY, first.kid, "key_revoked", None)
        ]


async def test_a_revoked_key_does_not_come_back_by_a_reload(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one, worker(database_url, clock) as two:
        await one.keys.ensure()
        await two.keys.ensure()
        (first, second) = await one.keys.list_keys()

        two.ring.drop(first.kid)
        await two.ring.load()
        await two.ring.reload_for_unknown_kid(first.kid)

        assert two.ring.find(first.kid, clock.now()) is None
        assert two.ring.active(clock.now()).kid == second.kid


async def test_revoking_an_unknown_key_is_refused_and_writes_nothing(database_url: str) -> None:
    async with worker(database_url, StoppedClock()) as one:
        await one.keys.ensure()
        before = await one.keys.list_keys()

        with pytest.raises(UnknownKeyError):
            await one.keys.revoke("nobody's")

        assert await one.keys.list_keys() == before
        assert one.revocations.entries == []


async def test_keys_are_sealed_again_under_a_new_secret(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock, OLD_SECRET) as one:
        await one.keys.ensure()
        signer = one.ring.active(T0).kid
    async with worker(database_url, clock, NEW_SECRET, OLD_SECRET) as turned:
        await turned.keys.ensure()

    async with worker(database_url, clock, NEW_SECRET) as after:
        await after.keys.ensure()

        assert after.ring.active(T0).kid == signer
        assert await states(after) == [State.ACTIVE, State.NEXT]


async def test_a_lost_secret_is_said_in_one_sentence_and_makes_no_new_keys(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock, OLD_SECRET) as one:
        await one.keys.ensure()
        clock.move(100 * DAY)  # so that a further key is due
        before = await one.keys.list_keys()

    async with worker(database_url, clock, NEW_SECRET) as lost:
        with pytest.raises(KeysSealedError, match=r"SIGNET_SECRET_KEY .* SIGNET_PREVIOUS_SECRET_KEYS"):
            await lost.ring.load()
        with pytest.raises(KeysSealedError):
            await lost.keys.ensure()

        assert lost.ring.kids_unopened == (before[1].kid,)
        assert await lost.keys.list_keys() == before


async def test_a_service_that_lost_its_secret_comes_back_when_the_lost_keys_are_revoked(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock, OLD_SECRET) as one:
        await one.keys.ensure()
        lost_kids = [key.kid for key in await one.keys.list_keys()]

    async with worker(database_url, clock, NEW_SECRET) as lost:
        for kid in lost_kids:
            await lost.keys.revoke(kid)
        await lost.keys.ensure()

        assert lost.ring.kids_unopened == ()
        assert lost.ring.active(T0).kid not in lost_kids


async def test_a_sealed_key_moved_to_another_row_does_not_open(database_url: str) -> None:
    async with worker(database_url, StoppedClock()) as one, worker(database_url, StoppedClock()) as two:
        await one.keys.ensure()
        first, second = await one.keys.list_keys()
        async with one.database.transaction() as db:
            stolen = select(SigningKey.sealed_key).where(SigningKey.kid == first.kid).scalar_subquery()
            await db.execute(update(SigningKey).where(SigningKey.kid == second.kid).values(sealed_key=stolen))

        with pytest.raises(KeysSealedError):
            await two.ring.load()

        assert two.ring.kids_unopened == (second.kid,)


async def test_private_keys_do_not_lie_open_in_the_database(database_url: str) -> None:
    async with worker(database_url, StoppedClock(), algorithm="HS256") as one:
        await one.keys.ensure()
        secret = one.ring.active(T0).signing_key
        assert isinstance(secret, bytes)

        async with one.database.statement() as db:
            rows = (await db.execute(select(SigningKey.__table__))).all()

        assert all(secret not in row.sealed_key for row in rows)
        assert [row.public_jwk for row in rows] == [{}, {}]


async def test_another_algorithm_takes_over_without_a_break(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()
        withdrawn = (await one.keys.list_keys())[1].kid
    clock.move(DAY)
    async with worker(database_url, clock, algorithm="EdDSA") as two:
        await two.keys.ensure()

        assert two.ring.active(clock.now()).algorithm == "ES256"
        assert two.ring.find(withdrawn, clock.now()) is None
        assert two.ring.active(clock.now() + 20 * MINUTE).algorithm == "EdDSA"


async def test_a_ring_stays_as_it_was_when_loading_fails(database_url: str) -> None:
    clock = StoppedClock()
    async with worker(database_url, clock) as one:
        await one.keys.ensure()
        signer = one.ring.active(T0)
        async with one.database.transaction() as db:
            await db.execute(text("DROP TABLE signing_keys"))

        with pytest.raises(DBAPIError):
            await one.ring.load()

        assert one.ring.active(T0) is signer
