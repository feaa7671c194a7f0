"""Bounds how much password hashing goes on: so many at once on the machine, so many waiting, the rest is refused.

A hash takes tens of milliseconds of a core and tens of megabytes. Without a bound a log-in storm takes the machine
from everything else; with an unbounded queue it answers nobody in time. So a place is taken at once or refused at
once, and what still waits when its caller leaves is never computed.
"""

import asyncio
import fcntl
import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from app.errors import UnavailableError

T = TypeVar("T")

_POLL_SECONDS = 0.004
# A slot is waited for this long at most (about ten seconds): a worker that was stopped while it hashed keeps its own.
_MOST_POLLS = 2500
_SMOOTHING = 0.2


class HasherOverloadedError(UnavailableError):
    """All places in the queue for password hashing are taken."""

    code = "overloaded"
    title = "Too many passwords are being checked at the moment. Try again soon."


class MachineSlots:
    """`count` slots shared by every process that names the same folder: one lock file each.

    The kernel frees a lock when its holder dies, however it dies (flock(2)); the files may stay.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._paths = [folder / f"slot-{number}" for number in range(count)]

    @contextmanager
    def hold(self, unwanted: threading.Event) -> Iterator[None]:
        """Wait in this thread for a slot and keep it for the block.

        Raises:
            CancelledError: `unwanted` was set first.
            HasherOverloadedError: no slot became free in about ten seconds.
        """
        descriptor = self._wait(unwanted)
        try:
            yield
        finally:
            os.close(descriptor)

    def _wait(self, unwanted: threading.Event) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_MOST_POLLS):
            for path in self._paths:
                if unwanted.is_set():
                    raise CancelledError
                if (descriptor := self._try(path)) is not None:
                    return descriptor
            unwanted.wait(_POLL_SECONDS)
        raise HasherOverloadedError

    @staticmethod
    def _try(path: Path) -> int | None:
        # A descriptor of its own for each attempt: threads that shared one would share its lock.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


class HashBudget:
    """`concurrency` threads with a queue of `queue` places before them, and the machine's slots if a folder is given.

    `running`, `queued` and `shed` (since the start) are for metrics; they are read without waiting for anybody.
    """

    def __init__(self, *, concurrency: int, queue: int, slots: Path | None) -> None:
        self._concurrency = concurrency
        self._places = concurrency + queue
        self._slots = MachineSlots(slots, concurrency) if slots else None
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="password-hash")
        self._lock = threading.Lock()
        self._taken = 0
        self._turn_seconds = 0.0
        self._closing = False
        self._waiting: set[threading.Event] = set()
        self.running = 0
        self.shed = 0

    @property
    def queued(self) -> int:
        """Callers that have a place and wait for their turn."""
        return max(0, self._taken - self.running)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, computed in a thread when its turn comes. A cancelled caller gives up its place.

        Raises:
            HasherOverloadedError: at once, when every place is taken; with the time the queue takes to pass.
        """
        ahead = self._take_place()
        unwanted = threading.Event()
        self._waiting.add(unwanted)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            future = self._threads.submit(self._in_turn, work, unwanted)
            future.add_done_callback(self._free_place)
            result = await asyncio.wrap_future(future)
        finally:
            unwanted.set()
            self._waiting.discard(unwanted)
        self._learn((loop.time() - began) / (ahead // self._concurrency + 1))
        return result

    def close(self) -> None:
        """Stop: hashes that run are finished and waited for, those that wait are cancelled."""
        self._closing = True
        for unwanted in tuple(self._waiting):
            unwanted.set()
        self._threads.shutdown(cancel_futures=True)

    def _take_place(self) -> int:
        with self._lock:
            if self._closing or self._taken >= self._places:
                self.shed += 1
                seconds = self._turn_seconds * self._places / self._concurrency
                raise HasherOverloadedError(retry_after=max(1, math.ceil(seconds)))
            self._taken += 1
            return self._taken - 1

    def _free_place(self, _: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1

    def _in_turn(self, work: Callable[[], T], unwanted: threading.Event) -> T:
        with self._slots.hold(unwanted) if self._slots else nullcontext():
            with self._lock:
                self.running += 1
            try:
                return work()
            finally:
                with self._lock:
                    self.running -= 1

    def _learn(self, seconds: float) -> None:
        """Keep a running mean of how long one turn takes, the waiting for other workers included."""
        self._turn_seconds += (seconds - self._turn_seconds) * (_SMOOTHING if self._turn_seconds else 1)
