"""The budget of the machine, over real processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.crypto.hash_budget import MachineSlots

pytestmark = pytest.mark.processes

WORKER = """
import asyncio, os, sys, time
from pathlib import Path
from app.crypto.hash_budget import HashBudget

log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)

def work():
    os.write(log, b"+")
    time.sleep(0.002)
    os.write(log, b"-")

async def main():
    budget = HashBudget(concurrency=2, queue=100, slots=Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(budget.run(work) for _ in range(60)))
    budget.close()

asyncio.run(main())
"""
HOLDER = """
import sys, threading
from pathlib import Path
from app.crypto.hash_budget import MachineSlots

with MachineSlots(Path(sys.argv[1]), 1).hold(threading.Event()):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def start(program: str, *arguments: Path) -> subprocess.Popen[str]:
    """A process that has said it is ready and waits for a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_together_never_exceed_the_budget(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    workers = [start(WORKER, tmp_path / "slots", log) for _ in range(2)]

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    ended = []
    for worker in workers:
        worker.communicate(timeout=60)
        ended.append(worker.returncode)

    running = most = 0
    for mark in log.read_text():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert ended == [0, 0]
    assert log.read_text().count("+") == 120
    assert most == 2


def test_the_death_of_a_process_frees_its_slot(tmp_path: Path) -> None:
    holder = start(HOLDER, tmp_path)
    taken_while_it_lived = MachineSlots._try(tmp_path / "slot-0")

    holder.kill()
    holder.communicate(timeout=10)

    assert taken_while_it_lived is None
    with MachineSlots(tmp_path, 1).hold(threading.Event()):
        assert MachineSlots._try(tmp_path / "slot-0") is None
