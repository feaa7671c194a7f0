"""Statements at the server for each hot route, read from PostgreSQL's own log (BEGIN, COMMIT and the like left out)."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

from bench.client import Answer, Connection
from bench.server import BASE_URL
from tests.support.postgres import PostgresServer

PASSWORD = "engine of differences"
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (\w+)")
_UNCOUNTED = {"BEGIN", "COMMIT", "ROLLBACK", "SHOW", "SET"}
_OF_THE_FOLLOWER = "pg_current_snapshot"


async def measure(postgres: PostgresServer, database: str) -> None:
    """Print the count of each route."""
    await postgres.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
    await postgres.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608  # our own name
    )
    connection = Connection(BASE_URL)
    await asyncio.sleep(2)
    who = {"username": "grace", "password": PASSWORD}
    await _count(postgres, "warm-up", connection.request("GET", "/readyz"))
    await _count(postgres, "register", connection.request("POST", "/api/v1/auth/register", body=who))
    await connection.request("POST", "/api/v1/auth/login", body=who)
    tokens = (await _count(postgres, "login", connection.request("POST", "/api/v1/auth/login", body=who))).json
    token = tokens["access_token"]
    await connection.request("GET", "/api/v1/users/me", token=token)
    await _count(postgres, "current user", connection.request("GET", "/api/v1/users/me", token=token))
    body = {"refresh_token": tokens["refresh_token"]}
    tokens = (await connection.request("POST", "/api/v1/auth/refresh", body=body)).json
    body = {"refresh_token": tokens["refresh_token"]}
    await _count(postgres, "refresh", connection.request("POST", "/api/v1/auth/refresh", body=body))
    await connection.close()
    await postgres.execute(f"ALTER DATABASE {database} RESET log_statement")


async def _count(postgres: PostgresServer, name: str, request: Coroutine[Any, Any, Answer]) -> Answer:
    before = len(postgres.log_text())
    answer = await request
    await asyncio.sleep(0.3)
    lines = postgres.log_text()[before:].splitlines()
    words = [found[1].upper() for line in lines if _OF_THE_FOLLOWER not in line and (found := _STATEMENT.search(line))]
    counted = [word for word in words if word not in _UNCOUNTED]
    print(f"{name:13} {answer.status}: {len(counted)} statements {counted}")
    return answer
