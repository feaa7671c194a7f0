"""What a login storm does to everybody else: latency of `GET /users/me` and memory, idle and under 64 wrong logins."""

import asyncio
import statistics
import time

from bench.client import Connection
from bench.server import BASE_URL, Server

STORM = 64
SECONDS = 15.0
PASSWORD = "engine of differences"


async def measure(server: Server) -> None:
    """Print both and their ratio."""
    connection = Connection(BASE_URL)
    await connection.request("POST", "/api/v1/auth/register", body={"username": "ada", "password": PASSWORD})
    tokens = (
        await connection.request("POST", "/api/v1/auth/login", body={"username": "ada", "password": PASSWORD})
    ).json
    await _latencies(tokens["access_token"], 2)
    idle_memory = server.memory_mib()
    idle = await _latencies(tokens["access_token"], SECONDS)
    stop = asyncio.Event()
    statuses: dict[int, int] = {}
    storm = [asyncio.create_task(_wrong_logins(stop, statuses)) for _ in range(STORM)]
    await asyncio.sleep(1)
    peak = asyncio.create_task(_peak_memory(server, stop))
    stormy = await _latencies(tokens["access_token"], SECONDS)
    stop.set()
    await asyncio.gather(*storm)
    peak_memory = await peak
    for name, values in (("idle", idle), ("storm", stormy)):
        print(f"me, {name:5}: n={len(values)} p50={_ms(values, 50)} ms p99={_ms(values, 99)} ms")
    print(f"p99 under {STORM} parallel wrong logins / idle: {_ms(stormy, 99) / _ms(idle, 99):.2f}")
    print(f"logins meanwhile: {dict(sorted(statuses.items()))} in {SECONDS + 1:.0f} s")
    print(f"memory: idle {idle_memory:.0f} MiB, peak {peak_memory:.0f} MiB, above idle {peak_memory - idle_memory:.0f}")


async def _latencies(token: str, seconds: float) -> list[float]:
    """One request every 10 ms, whatever the one before took."""
    connections = [Connection(BASE_URL) for _ in range(8)]
    found: list[float] = []

    async def ask(connection: Connection, number: int) -> None:
        started = time.perf_counter()
        while True:
            await asyncio.sleep(max(0.0, started + number * 0.01 - time.perf_counter()))
            if time.perf_counter() - started > seconds:
                return
            before = time.perf_counter()
            answer = await connection.request("GET", "/api/v1/users/me", token=token)
            found.append(time.perf_counter() - before)
            assert answer.status == 200, answer
            number += len(connections)

    await asyncio.gather(*(ask(connection, number) for number, connection in enumerate(connections)))
    for connection in connections:
        await connection.close()
    return found


async def _wrong_logins(stop: asyncio.Event, statuses: dict[int, int]) -> None:
    connection = Connection(BASE_URL)
    while not stop.is_set():
        answer = await connection.request(
            "POST", "/api/v1/auth/login", body={"username": "ada", "password": "not this one at all"}
        )
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status == 503:
            await asyncio.sleep(0.2)
    await connection.close()


async def _peak_memory(server: Server, stop: asyncio.Event) -> float:
    peak = 0.0
    while not stop.is_set():
        peak = max(peak, server.memory_mib())
        await asyncio.sleep(0.05)
    return peak


def _ms(values: list[float], percentile: int) -> float:
    return round(statistics.quantiles(values, n=100)[percentile - 1] * 1000, 2)
