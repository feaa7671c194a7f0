"""Raw asyncpg connections of their own, outside the pool, for those who follow the database: LISTEN and polling."""

import math
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

_POOL_ONLY = (
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "async_creator_fn",
    "async_fallback",
    "timeout",
    "command_timeout",
)
"""Query parameters that mean something to the pool's connections only."""


def asyncpg_arguments(url: URL) -> dict[str, Any]:
    """What `asyncpg.connect` must be told to reach what `url` means to SQLAlchemy.

    A socket folder or several hosts in the query (`?host=…`), `ssl`, `target_session_attrs` and the password of the
    URL object arrive; what bounds or caches for the pool does not.
    """
    _, arguments = PGDialect_asyncpg().create_connect_args(url)  # type: ignore[no-untyped-call]
    return {name: value for name, value in arguments.items() if name not in _POOL_ONLY}


async def connect(url: URL, *, name: str, bound: timedelta) -> asyncpg.Connection:
    """A connection of the caller's own, told apart in `pg_stat_activity` by `name`.

    Connecting takes `bound` at most, and so does each statement; at the server also each pause within a transaction (a
    stopped worker must not hold a snapshot open for ever).

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: the server cannot be reached, or refuses.
    """
    server_bound = f"{math.ceil(bound.total_seconds() * 1000)}ms"
    return await asyncpg.connect(
        **asyncpg_arguments(url),
        timeout=bound.total_seconds(),
        # The server's own bound answers first; this one is for a server that no longer answers at all.
        command_timeout=bound.total_seconds() + 0.5,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            "jit": "off",
            # The plan must know the values: a generic one would guess that a third of the table is new.
            "plan_cache_mode": "force_custom_plan",
            "statement_timeout": server_bound,
            "idle_in_transaction_session_timeout": server_bound,
        },
    )
