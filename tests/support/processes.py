"""Real `signet serve` processes on free loopback ports, other `signet` commands, and a client for each server."""

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from tests.support.service import SECRET, bearer

ISSUER = "http://signet.test"
PASSWORD = "engine of differences"
_SIGNET = (sys.executable, "-m", "app.cli")
_READY_SECONDS = 40.0
_STARTED = "Application startup complete."
_SERVES = re.compile(r'"url": "(http://127\.0\.0\.1:\d+)"')


def environment(database_url: str | None, data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a process: nothing of Signet's from ours, cheap hashes, and `settings` without the prefix."""
    given = {
        "ENVIRONMENT": "test",
        "SECRET_KEY": SECRET,
        "DATA_DIR": str(data_dir),
        "TOKENS__ISSUER": ISSUER,
        "PASSWORDS__ARGON2_MEMORY_KIB": "64",
        "PASSWORDS__ARGON2_TIME_COST": "1",
        "SERVER__PORT": "0",
    }
    if database_url is not None:
        given["DATABASE__URL"] = database_url
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("SIGNET_")}
    return inherited | {f"SIGNET_{name}": value for name, value in (given | settings).items()}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)


async def signet(*arguments: str, env: dict[str, str], folder: Path, given: str = "") -> Done:
    """Run `signet …` in `folder` to its end."""
    process = await asyncio.create_subprocess_exec(
        *_SIGNET,
        *arguments,
        env=env,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(given.encode()), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


class Server:
    """One `signet serve`, with all the processes it starts, and a client for it."""

    def __init__(self, env: dict[str, str], folder: Path, *, workers: int = 1) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="serve-", dir=folder))
        self.env = env
        self._workers = workers
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*_SIGNET, "serve", "--workers", str(workers)],
                env=env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that nothing of it outlives the test
            )
        self.client = httpx.AsyncClient(timeout=30)
        self._killed = False

    @property
    def log(self) -> Path:
        """Where everything it writes goes."""
        return self.folder / "log"

    @property
    def ended(self) -> bool:
        """Whether its first process is over."""
        return self._process.poll() is not None

    async def ready(self) -> "Server":
        """Wait until every worker has started and one says of itself that it is ready."""
        deadline = monotonic() + _READY_SECONDS
        while monotonic() < deadline and not self.ended:
            log = self.log.read_text()
            serves = _SERVES.search(log)
            if serves and log.count(_STARTED) >= self._workers:
                self.client.base_url = httpx.URL(serves[1])
                try:
                    if (await self.client.get("/readyz")).status_code == 200:
                        return self
                except httpx.TransportError:
                    pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"not ready: {self.log.read_text()[-3000:]}")

    def send(self, number: signal.Signals) -> None:
        """A signal to the first process, as an operator sends it."""
        self._process.send_signal(number)

    def send_all(self, number: signal.Signals) -> None:
        """A signal to all of its processes."""
        os.killpg(self._process.pid, number)

    async def exit_code(self) -> int:
        """Wait for the end of the first process."""
        return await asyncio.wait_for(asyncio.to_thread(self._process.wait), 30)

    def kill(self) -> None:
        """End whatever still runs of it, as a power cut would."""
        if self._killed:
            return
        self._killed = True
        with suppress(ProcessLookupError):
            self.send_all(signal.SIGKILL)
        self._process.wait(10)

    async def close(self) -> None:
        """Kill it and close the client."""
        self.kill()
        await self.client.aclose()

    async def command(self, *arguments: str, given: str = "") -> Done:
        """Another `signet` command with the same settings."""
        return await signet(*arguments, env=self.env, folder=self.folder, given=given)

    async def post(self, path: str, token: str | None = None, body: Any = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers=bearer(token) if token else {})

    async def register(self, username: str) -> dict[str, Any]:
        answer = await self.post("/api/v1/auth/register", body={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()
        return user

    async def try_login(self, username: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/api/v1/auth/login", body={"username": username, "password": password})

    async def login(self, username: str, password: str = PASSWORD) -> dict[str, Any]:
        return tokens(await self.try_login(username, password))

    async def refresh(self, refresh_token: str) -> httpx.Response:
        return await self.post("/api/v1/auth/refresh", body={"refresh_token": refresh_token})

    async def me(self, access_token: str) -> httpx.Response:
        return await self.client.get("/api/v1/users/me", headers=bearer(access_token))


@asynccontextmanager
async def serving(*servers: Callable[[], Server]) -> AsyncIterator[list[Server]]:
    """The servers that these make, started side by side; all of them are gone afterwards."""
    started: list[Server] = []
    try:
        started.extend(make() for make in servers)
        await asyncio.gather(*(server.ready() for server in started))
        yield started
    finally:
        for server in started:
            await server.close()


def tokens(answer: httpx.Response) -> dict[str, Any]:
    """The pair in a good answer."""
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def generation(refresh_token: str) -> int:
    """Which refresh token of its session this is: it stands behind version, key id and session id."""
    text = refresh_token.removeprefix("sgr_")
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[18:22], "big")


def key_id(access_token: str) -> str:
    """The `kid` that an access token names."""
    header = access_token.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


def assert_unavailable(answer: httpx.Response) -> None:
    """Not now, and when to come back."""
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
