"""Has passwords hashed in processes of lower priority than ours, which take only the CPU that nobody else wants.

Threads of this process would do the same work, but they compete with the event loop as equals, and one of low
priority may be put aside while it holds the interpreter's lock. A process of its own holds nothing of ours.

One request and one answer at a time, each a line of JSON, over the child's standard streams. A child ends when its
input does, so none outlives us.
"""

import json
import shutil
import signal
import subprocess
import sys
from queue import SimpleQueue
from typing import Any

from app.crypto.password_work import PasswordWork, Verdict
from app.errors import UnavailableError

_NICELY = ("nice", "-n", "10")
"""POSIX; before the interpreter, so that starting it does not compete with us either."""
_TRIES = 2
"""A child that died is replaced, and what it was asked is asked once more."""


class HasherGoneError(UnavailableError):
    """The process that hashes died twice, as when the machine has no memory left."""


class HashProcesses:
    """`count` children, each used by one caller at a time. Its methods are those of `PasswordWork`, and block."""

    def __init__(self, *, memory_kib: int, time_cost: int, count: int) -> None:
        self._children = [_Child(memory_kib, time_cost) for _ in range(count)]
        self._idle: SimpleQueue[_Child] = SimpleQueue()
        self._closed = False
        for child in self._children:
            self._idle.put(child)

    def start(self) -> None:
        """Start all children, unless they were closed; returns before they are ready."""
        if not self._closed:
            for child in self._children:
                child.start()

    def hash(self, password: str) -> str:
        """As `PasswordWork.hash`, of a password that can be."""
        return str(self._ask("hash", password))

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        """As `PasswordWork.verify`."""
        return Verdict(**self._ask("verify", password, password_hash))

    def close(self) -> None:
        """End the children; nobody may be waiting for one."""
        self._closed = True
        for child in self._children:
            child.end()

    def _ask(self, method: str, *arguments: str | None) -> Any:
        child = self._idle.get()
        try:
            for _ in range(_TRIES):
                answer = child.ask([method, *arguments])
                if answer:
                    return json.loads(answer)
                child.end()
            raise HasherGoneError
        finally:
            self._idle.put(child)


class _Child:
    """One process, started when it is first needed."""

    def __init__(self, memory_kib: int, time_cost: int) -> None:
        nicely = _NICELY if shutil.which(_NICELY[0]) else ()
        self._command = [*nicely, sys.executable, "-m", __name__, str(memory_kib), str(time_cost)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process

    def ask(self, question: list[str | None]) -> bytes:
        """The answer; empty when the child has died."""
        process = self.start()
        if process.stdin is None or process.stdout is None:
            return b""
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return b""
        return process.stdout.readline()

    def end(self) -> None:
        """End it, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def main(memory_kib: int, time_cost: int) -> None:
    """A child: answer until the input ends. Signals to the group are for the parent, who ends us by closing it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    work = PasswordWork(memory_kib=memory_kib, time_cost=time_cost)
    for line in sys.stdin.buffer:
        method, *arguments = json.loads(line)
        answer = work.hash(*arguments) if method == "hash" else vars(work.verify(*arguments))
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
