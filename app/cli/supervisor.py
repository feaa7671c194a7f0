"""Keeps several workers running on one socket: replaces those that die or hang, and ends them all in bounded time.

Uvicorn's own supervisor waits for one worker's answer for as long as a worker may hang, and meanwhile hears neither a
signal nor that another has died; and it keeps its socket open to the end, so that whoever connects during the last
requests is answered by nobody. This one asks without waiting, and stops accepting when its workers do.
"""

import os
import signal
from socket import socket
from time import monotonic

import structlog
from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

_log = structlog.get_logger("signet")


class Worker(Process):
    """A worker that drains and ends when its supervisor is gone, however that died."""

    def target(self, sockets: list[socket] | None = None) -> None:
        """In the worker: serve."""
        self.parent_conn.close()  # else our own copy of the supervisor's end would keep the pipe open
        super().target(sockets)

    def always_pong(self) -> None:
        """In a thread of the worker: answer the supervisor for as long as there is one."""
        try:
            super().always_pong()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(Multiprocess):
    """`run` returns when all workers have ended, after SIGTERM, SIGINT or a worker that could not start.

    Workers are forced to end when they have not within `end_seconds` of being told to.
    """

    def __init__(self, config: Config, sockets: list[socket], *, end_seconds: float) -> None:
        super().__init__(config, sockets)
        self._end_seconds = end_seconds
        self._asked_at: dict[Process, float] = {}

    @property
    def failed(self) -> bool:
        """Whether it ended because a worker could not start: each further try would have failed alike."""
        return any(worker.exitcode == STARTUP_FAILURE for worker in self.processes)

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes = [Worker(self.config, self.sockets) for _ in range(self.processes_num)]
        for worker in self.processes:
            worker.start()

    def keep_subprocess_alive(self) -> None:
        """Replace every worker that has died, or has not answered for too long."""
        for place, worker in enumerate(self.processes):
            if worker.process.is_alive() and not self._hangs(worker):
                continue
            worker.kill()
            worker.join()
            self._asked_at.pop(worker, None)
            if self.failed:
                _log.error("a worker could not start, so the server ends", process=worker.pid)
                self.should_exit.set()
            if self.should_exit.is_set():
                return
            _log.warning("a worker has died and is replaced", process=worker.pid, exit_code=worker.exitcode)
            self.processes[place] = Worker(self.config, self.sockets)
            self.processes[place].start()

    def terminate_all(self) -> None:
        """Tell the workers to end, and give up the socket that was kept for starting others."""
        super().terminate_all()
        for listening in self.sockets:
            listening.close()

    def join_all(self) -> None:
        """Wait for the workers, for so long; whoever is left then is killed."""
        deadline = monotonic() + self._end_seconds
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - monotonic()))
            if worker.process.is_alive():
                _log.error("a worker did not end in time and is killed", process=worker.pid)
                worker.kill()
                worker.join()

    def _hangs(self, worker: Process) -> bool:
        """Ask without waiting; whether the last question has stayed without an answer for too long."""
        connection = worker.parent_conn
        try:
            if worker in self._asked_at and connection.poll():
                connection.recv()
                del self._asked_at[worker]
            if worker not in self._asked_at:
                connection.send(b"ping")
                self._asked_at[worker] = monotonic()
        except (OSError, EOFError):
            return False  # it is dying: the next look finds it dead
        return monotonic() - self._asked_at[worker] > self.config.timeout_worker_healthcheck
