import asyncio
from datetime import timedelta

import pytest

from app.domain.revocation.errors import StaleRevocationsError
from app.domain.revocation.service import Revocations
from tests.revocation.support import HeldFollower, ShiftedClock, becomes, revocations, running


async def _refused(service: Revocations) -> bool:
    try:
        await service.wait_until_fresh()
    except StaleRevocationsError:
        return True
    return False


async def test_a_fresh_index_answers_without_a_poll_and_without_a_switch() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)

        answer = service.wait_until_fresh()

        with pytest.raises(StopIteration):
            answer.send(None)
        assert follow.polls == 2


@pytest.mark.parametrize("stopped", ["boottime", "wall"])
async def test_a_worker_that_was_stopped_does_not_answer_from_memory(stopped: str) -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)

        if stopped == "boottime":
            clock.boottime_ahead = 6
        else:
            clock.wall_ahead = timedelta(seconds=6)

        assert not service.fresh
        assert service.ready_detail == "the revocations are 6 s old, more than the 5 s allowed"
        await service.wait_until_fresh()
        assert follow.polls == 3
        assert service.fresh
        assert service.ready_detail is None


async def test_a_wall_clock_that_was_set_back_is_harmless_and_hides_no_age() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        clock.wall_ahead = timedelta(hours=-1)
        set_back = service.fresh

        clock.boottime_ahead = 6

        assert set_back
        assert service.age_seconds >= 6
        assert not service.fresh


async def test_all_who_wait_share_one_poll() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        clock.boottime_ahead = 6

        await asyncio.gather(*(service.wait_until_fresh() for _ in range(64)))

        assert follow.polls == 3


async def test_a_poll_that_began_before_the_caller_came_does_not_count() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        clock.boottime_ahead = 6
        follow.gate.clear()
        early = asyncio.create_task(_refused(service))
        await becomes(lambda: follow.polls == 3, within=1)
        late = asyncio.create_task(_refused(service))
        await asyncio.sleep(0)

        follow.gate.set()

        assert await early is False
        assert follow.polls == 3
        assert not late.done()
        assert await late is False
        assert follow.polls == 4


async def test_age_counts_from_when_the_poll_started() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        follow.gate.clear()
        asking = asyncio.create_task(follow.poll(within=1))
        await becomes(lambda: follow.polls == 3, within=1)

        clock.boottime_ahead = 4
        follow.gate.set()

        assert await asking
        assert 4 <= service.age_seconds < 5


async def test_a_failing_poll_refuses_those_who_wait_and_the_next_one_heals() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        clock.boottime_ahead = 6
        follow.broken = True
        while_broken = await asyncio.gather(*(_refused(service) for _ in range(8)))

        follow.broken = False
        healed = await _refused(service)

        assert while_broken == [True] * 8
        assert healed is False


async def test_a_poll_that_hangs_refuses_within_the_bound() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        clock.boottime_ahead = 6
        follow.gate.clear()
        began = asyncio.get_running_loop().time()

        with pytest.raises(StaleRevocationsError) as refused:
            await service.wait_until_fresh()

        assert asyncio.get_running_loop().time() - began < 1.6
        assert refused.value.retry_after == 1


async def test_one_who_gives_up_waiting_disturbs_no_other() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        await becomes(lambda: follow.polls == 2, within=1)
        clock.boottime_ahead = 6
        follow.gate.clear()
        gone, stays = asyncio.create_task(_refused(service)), asyncio.create_task(_refused(service))
        await becomes(lambda: follow.polls == 3, within=1)

        gone.cancel()
        follow.gate.set()

        assert await stays is False
        assert gone.cancelled()


async def test_a_worker_without_a_database_starts_knows_nothing_and_refuses() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    follow.broken = True
    async with running(revocations(follow, clock)) as service:
        assert service.ready_detail == "the revocations have not been loaded yet"
        assert await _refused(service)

        follow.broken = False

        assert await becomes(lambda: service.ready_detail is None, within=2)


async def test_a_clock_far_from_the_databases_is_not_ready_but_goes_on_serving() -> None:
    clock = ShiftedClock()
    follow = HeldFollower(clock)
    async with running(revocations(follow, clock)) as service:
        follow.clock_skew_seconds = -31

        assert service.ready_detail == "the database's clock differs from this machine's by -31 s"
        assert service.fresh
