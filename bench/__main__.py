"""`python -m bench`: statements, login storm, memory and cold start."""

import asyncio

from bench import statements, storm
from bench.server import postgres, signet


async def main() -> None:
    """Everything, one after the other."""
    starts = []
    for _ in range(5):
        async with signet(None) as (_server, seconds):
            starts.append(seconds)
    print(f"cold start to ready on SQLite: {', '.join(f'{seconds:.2f}' for seconds in starts)} s")
    async with postgres() as database:
        await database.execute("CREATE DATABASE bench")
        async with signet(database.url("bench")) as (server, seconds):
            print(f"start to ready on PostgreSQL, migration included: {seconds:.2f} s")
            print(f"idle memory: {server.memory_mib():.0f} MiB")
            await storm.measure(server)
            await statements.measure(database, "bench")


asyncio.run(main())
