"""A real `signet serve` with its real password hashes, and a PostgreSQL of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.postgres import PostgresServer
from tests.support.service import SECRET

PORT = 8765
BASE_URL = f"http://127.0.0.1:{PORT}"


class Server:
    """The process, and what it costs."""

    def __init__(self, folder: str, database_url: str | None, *, workers: int = 1) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNET_")}
        env |= {"SIGNET_SERVER__PORT": str(PORT), "SIGNET_LOG__ACCESS": "false", "SIGNET_SERVER__WORKERS": str(workers)}
        if database_url:
            env |= {"SIGNET_DATABASE__URL": database_url, "SIGNET_SECRET_KEY": SECRET}
        self._log = Path(folder, "log").open("wb")  # noqa: SIM115  # closed by stop()
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--migrate"],
            env=env | {"PYTHONPATH": str(Path(__file__).parents[1])},
            cwd=folder,
            stdout=self._log,
            stderr=self._log,
        )

    def wait_until_ready(self) -> float:
        """Seconds from start to ready."""
        while self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", PORT)) as connection:
                    connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                    if b" 200 " in connection.recv(64):
                        return time.perf_counter() - self._started
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(Path(self._log.name).read_text())

    def memory_mib(self) -> float:
        """Resident memory now, of the process and its children, pages they share counted once (PSS)."""
        pids, found = [self._process.pid], 0.0
        while pids:
            pid = pids.pop()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found += int(rollup.split("\nPss:")[1].split()[0]) / 1024
            pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def stop(self) -> None:
        """Terminate and wait."""
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


@asynccontextmanager
async def postgres() -> AsyncIterator[PostgresServer]:
    """A durable PostgreSQL: what is committed is on the disk."""
    server = PostgresServer(durable=True)
    try:
        await server.start()
        yield server
    finally:
        server.remove()


@asynccontextmanager
async def signet(database_url: str | None) -> AsyncIterator[tuple[Server, float]]:
    """A running service, and how long it took to be ready."""
    with TemporaryDirectory() as folder:
        server = Server(folder, database_url)
        try:
            yield server, server.wait_until_ready()
        finally:
            server.stop()
