"""So many hashes at once, so many waiting, the rest refused at once."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.crypto.hash_budget import HashBudget, HasherOverloadedError, MachineSlots
from app.crypto.passwords import PasswordHasher


class Gate:
    """Work that stops in the middle until it is let go, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self._open = threading.Event()
        self._one_began = threading.Semaphore(0)

    def work(self) -> str:
        self.begun += 1
        self._one_began.release()
        assert self._open.wait(10)
        return "done"

    async def wait_until_begun(self, times: int = 1) -> None:
        for _ in range(times):
            assert await asyncio.to_thread(self._one_began.acquire, timeout=10)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def budget(gate: Gate) -> Iterator[HashBudget]:
    budget = HashBudget(concurrency=2, queue=3, slots=None)
    yield budget
    gate.open()
    budget.close()


async def settle() -> None:
    """Let everything that can happen on the loop happen."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_exceeds_threads_and_queue_is_shed_at_once(budget: HashBudget, gate: Gate) -> None:
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(2 + 3)]
    await gate.wait_until_begun(2)

    with pytest.raises(HasherOverloadedError) as refused:
        await budget.run(gate.work)
    counted = (budget.running, budget.queued, budget.shed)
    gate.open()

    assert refused.value.code == "overloaded"
    assert refused.value.retry_after == 1
    assert counted == (2, 3, 1)
    assert await asyncio.gather(*callers) == ["done"] * 5
    assert (gate.begun, budget.running, budget.queued, budget.shed) == (5, 0, 0, 1)


async def test_no_more_run_at_once_than_the_budget_allows(budget: HashBudget, gate: Gate) -> None:
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(5)]
    await gate.wait_until_begun(2)
    await asyncio.sleep(0.02)

    begun_behind_the_gate = gate.begun
    gate.open()
    await asyncio.gather(*callers)

    assert begun_behind_the_gate == 2


async def test_a_cancelled_waiter_frees_its_place_and_is_never_hashed(budget: HashBudget, gate: Gate) -> None:
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(5)]
    await gate.wait_until_begun(2)

    callers[4].cancel()
    await settle()
    successor = asyncio.create_task(budget.run(gate.work))
    await settle()
    with pytest.raises(HasherOverloadedError):
        await budget.run(gate.work)
    gate.open()

    assert await asyncio.gather(*callers[:4], successor) == ["done"] * 5
    assert callers[4].cancelled()
    assert gate.begun == 5


async def test_a_cancelled_caller_keeps_its_place_while_its_hash_runs(budget: HashBudget, gate: Gate) -> None:
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(5)]
    await gate.wait_until_begun(2)

    callers[0].cancel()
    await settle()

    assert callers[0].cancelled()
    with pytest.raises(HasherOverloadedError):
        await budget.run(gate.work)
    gate.open()
    await asyncio.gather(*callers[1:])


async def test_the_retry_time_is_what_the_queue_takes_to_pass(budget: HashBudget, gate: Gate) -> None:
    budget._learn(4.0)
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(5)]
    await settle()

    with pytest.raises(HasherOverloadedError) as refused:
        await budget.run(gate.work)
    gate.open()
    await asyncio.gather(*callers)

    assert refused.value.retry_after == 10  # five places, two at a time, four seconds each


async def test_an_error_of_the_work_reaches_the_caller_and_frees_the_place(budget: HashBudget) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            await budget.run(fail)

    assert (budget.running, budget.queued, budget.shed) == (0, 0, 0)


async def test_close_lets_running_hashes_end_and_cancels_those_that_wait(budget: HashBudget, gate: Gate) -> None:
    callers = [asyncio.create_task(budget.run(gate.work)) for _ in range(3)]
    await gate.wait_until_begun(2)

    closing = asyncio.create_task(asyncio.to_thread(budget.close))
    await asyncio.wait([callers[2]], timeout=10)
    gate.open()
    await closing
    outcomes = await asyncio.gather(*callers, return_exceptions=True)

    assert outcomes[:2] == ["done", "done"]
    assert isinstance(outcomes[2], asyncio.CancelledError)
    with pytest.raises(HasherOverloadedError):
        await budget.run(gate.work)


async def test_the_event_loop_goes_on_while_passwords_are_hashed() -> None:
    hasher = PasswordHasher(memory_kib=19456, time_cost=2, concurrency=1, queue=8, slots=None)
    hashing = asyncio.gather(*(hasher.verify("correct horse", None) for _ in range(4)))

    ticks = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        ticks += 1
    hasher.close()

    assert ticks >= 8


async def test_a_full_queue_refuses_the_hasher_too(tmp_path: Path) -> None:
    hasher = PasswordHasher(memory_kib=64, time_cost=1, concurrency=1, queue=1, slots=tmp_path)

    with MachineSlots(tmp_path, 1).hold(threading.Event()):
        callers = [asyncio.create_task(hasher.verify("x", None)) for _ in range(2)]
        await settle()
        with pytest.raises(HasherOverloadedError):
            await hasher.hash("x")
        counted = (hasher.running, hasher.queued, hasher.shed)
    verdicts = await asyncio.gather(*callers)
    hasher.close()

    assert counted == (0, 2, 1)
    assert [each.ok for each in verdicts] == [False, False]


async def test_a_slot_taken_elsewhere_is_waited_for(tmp_path: Path, gate: Gate) -> None:
    budget = HashBudget(concurrency=1, queue=1, slots=tmp_path / "slots")
    with MachineSlots(tmp_path / "slots", 1).hold(threading.Event()):
        caller = asyncio.create_task(budget.run(gate.work))
        await asyncio.sleep(0.03)
        begun_before, counted = gate.begun, (budget.running, budget.queued)

    gate.open()
    result = await caller
    budget.close()

    assert (begun_before, counted) == (0, (0, 1))
    assert result == "done"


async def test_a_caller_cancelled_while_it_waits_for_a_slot_is_never_hashed(tmp_path: Path, gate: Gate) -> None:
    budget = HashBudget(concurrency=1, queue=0, slots=tmp_path)
    gate.open()
    with MachineSlots(tmp_path, 1).hold(threading.Event()):
        caller = asyncio.create_task(budget.run(gate.work))
        await asyncio.sleep(0.02)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        async with asyncio.timeout(10):
            while budget.queued:  # noqa: ASYNC110  # it has no event to wait for
                await asyncio.sleep(0.001)

    result = await budget.run(gate.work)
    budget.close()

    assert (gate.begun, result) == (1, "done")


async def test_a_slot_that_never_comes_free_is_not_waited_for_for_ever(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.crypto.hash_budget._MOST_POLLS", 3)
    budget = HashBudget(concurrency=1, queue=0, slots=tmp_path)

    with MachineSlots(tmp_path, 1).hold(threading.Event()), pytest.raises(HasherOverloadedError):
        await budget.run(gate.work)
    budget.close()

    assert gate.begun == 0
