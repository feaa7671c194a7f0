"""Runs a use case from the terminal: settings, the object graph, and a loop for as long as it takes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from app.clock import SystemClock
from app.composition import Services, build_services
from app.database import schema
from app.database.engine import Database, DatabaseUnavailableError
from app.observability import logging
from app.settings import ConfigurationError, Settings, load_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Result = TypeVar("_Result")


def load() -> Settings:
    """The settings, with logging set up for a person at a terminal: warnings and worse."""
    settings = load_settings()
    logging.configure(level="warning", style="console", asyncio_level="critical")
    return settings


def run(use: Callable[[Services], Awaitable[_Result]]) -> _Result:
    """What `use` makes of the services. The embedded database is migrated first; a server's must be at head.

    Raises:
        ConfigurationError: one sentence with the remedy.
    """
    settings = load()

    async def with_services() -> _Result:
        services = build_services(settings, SystemClock())
        try:
            await prepare_schema(services, migrate=False)
            return await use(services)
        finally:
            await services.stop()

    return asyncio.run(with_services())


async def prepare_schema(services: Services, *, migrate: bool) -> None:
    """See that the schema is one this release runs on; migrate an embedded database, or any with `migrate`.

    Raises:
        ConfigurationError: the schema of a server database is older than this release.
    """
    database = services.database
    async with database_is_named(database):
        if migrate or not database.postgresql:
            await schema.upgrade(database.engine)
            return
        revision = await schema.current_revision(database.engine)
    if not schema.is_served_by_this_release(revision):
        raise ConfigurationError(
            f"The database is at revision {revision or 'none'}, this release needs {schema.head_revision()}: "
            "run `signet migrate` (or `signet serve --migrate`)."
        )


@asynccontextmanager
async def database_is_named(database: Database) -> AsyncIterator[None]:
    """Have an unreachable database say which one it is, and what to look at.

    Raises:
        ConfigurationError: it cannot be reached or used now.
    """
    try:
        async with database.unavailability_is_told():
            yield
    except DatabaseUnavailableError as error:
        url = database.engine.url.difference_update_query(["password"])
        where = url.render_as_string(hide_password=True)
        raise ConfigurationError(
            f"The database {where} cannot be used ({error.reason}): check SIGNET_DATABASE__URL and that it runs."
        ) from error


def read_stdin() -> str:
    """All of standard input.

    Raises:
        ConfigurationError: it is not UTF-8.
    """
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise ConfigurationError("What came on standard input is not UTF-8.") from None


def emit(text: str) -> None:
    """Write to standard output. That its reader stops reading (`| head`) is no error: the rest goes nowhere."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def print_json(value: Any) -> None:
    """One JSON document on standard output; moments as RFC 3339 writes them, in UTC."""
    emit(json.dumps(value, indent=2, default=_plain) + "\n")


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """A plain table on standard output."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (headings, *rows))
    emit("".join(f"{line}\n" for line in lines))


def moment(value: datetime | None) -> str:
    """A moment for a table, to the second; `-` for none."""
    return value.isoformat(timespec="seconds") if value else "-"


def _plain(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
