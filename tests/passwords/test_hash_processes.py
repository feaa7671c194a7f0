"""Hashing in processes of lower priority: the same answers, one child a caller, and none that outlives us."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from app.crypto.hash_processes import HasherGoneError, HashProcesses
from app.crypto.passwords import PasswordHasher

PASSWORD = "pass\x00wörd \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")


@pytest.fixture
def processes() -> Iterator[HashProcesses]:
    started = HashProcesses(memory_kib=64, time_cost=1, count=2)
    yield started
    started.close()


def test_they_answer_as_the_computation_does(processes: HashProcesses) -> None:
    made = processes.hash(PASSWORD)

    assert made.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert processes.verify(PASSWORD, made).ok
    assert not processes.verify(PASSWORD + " ", made).ok
    assert not processes.verify("\ud800", made).ok
    assert not processes.verify(PASSWORD, None).ok
    assert not processes.verify(PASSWORD, "malformed\n").ok
    assert processes.verify("secret", "$2b$04$Qfi4ngcDVG5nE8xfq9OZ7.Mp4Dz6oRjfyPzgZwEpQ6vY0hKuQ9MbW").upgraded is None


def test_a_child_that_died_is_replaced(processes: HashProcesses) -> None:
    made = processes.hash(PASSWORD)
    for child in processes._children:
        os.kill(child.start().pid, signal.SIGKILL)

    assert [processes.verify(PASSWORD, made).ok for _ in range(4)] == [True] * 4


def test_children_that_cannot_live_are_a_503(processes: HashProcesses) -> None:
    for child in processes._children:
        child._command = [sys.executable, "-c", "pass"]

    with pytest.raises(HasherGoneError):
        processes.hash(PASSWORD)


def test_a_child_has_lower_priority_than_we_have(processes: HashProcesses) -> None:
    for _ in processes._children:
        processes.hash(PASSWORD)

    priorities = [os.getpriority(os.PRIO_PROCESS, child.start().pid) for child in processes._children]

    assert min(priorities) > os.getpriority(os.PRIO_PROCESS, 0)


def test_what_was_closed_starts_no_more_children() -> None:
    processes = HashProcesses(memory_kib=64, time_cost=1, count=1)
    processes.close()

    processes.start()

    assert processes._children[0]._process is None


@pytest.mark.processes
def test_a_child_ends_when_its_parent_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from app.crypto.hash_processes import HashProcesses\n"
        "made = HashProcesses(memory_kib=64, time_cost=1, count=1)\n"
        "made.hash('x' * 9)\n"
        "print(made._children[0].start().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the child lives on")


async def test_the_hasher_uses_them_and_keeps_its_queue() -> None:
    hasher = PasswordHasher(memory_kib=64, time_cost=1, concurrency=2, queue=8, slots=None, processes=True)
    hasher.start()
    try:
        made = await hasher.hash(PASSWORD)
        verdicts = await asyncio.gather(*(hasher.verify(PASSWORD, made) for _ in range(10)))
    finally:
        hasher.close()

    assert all(verdict.ok for verdict in verdicts)
    assert hasher.running == hasher.queued == 0
