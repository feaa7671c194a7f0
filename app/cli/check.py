"""`signet check`: tests every backing service and setting; start-up scripts and CI go by its exit code."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from app.cli.check_settings import examine_settings
from app.cli.running import AsJson, database_is_named, emit, load, prepare_schema, print_json
from app.clock import SystemClock
from app.composition import Services, build_services, check_hashing
from app.database import schema
from app.domain.housekeeping.diagnosis import Finding, Level
from app.settings import ConfigurationError

_PAUSE = 0.25
_WORDS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def check(
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for the database to be reachable.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Test every backing service and setting: one line each, with the remedy. Exit 0 only when none fails.

    An embedded database is migrated first, as by every other command.
    """
    try:
        settings = load()
        check_hashing(settings)
        services = build_services(settings, SystemClock())
    except ConfigurationError as error:
        findings = [Finding("settings", Level.FAIL, str(error))]
    else:
        findings = [Finding("settings", Level.OK, "complete"), *examine_settings(settings)]
        findings += asyncio.run(_examine(services, wait))
    well = all(finding.level is not Level.FAIL for finding in findings)
    if as_json:
        print_json({"ok": well, "checks": [vars(finding) for finding in findings]})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            emit(f"{_WORDS[finding.level]:<4}  {finding.name:<{width}}  {finding.detail}\n")
    if not well:
        raise typer.Exit(1)


async def _examine(services: Services, wait: float) -> list[Finding]:
    async def hashing() -> list[Finding]:
        return [await services.diagnosis.of_hashing()]

    async def database() -> list[Finding]:
        await _reach(services, wait)
        try:
            await prepare_schema(services, migrate=False)
        except ConfigurationError as error:
            return [Finding("database", Level.OK, "reachable"), Finding("migrations", Level.FAIL, str(error))]
        return await services.diagnosis.of_database()

    try:
        return [*await _told("database", database), *await _told("hashing", hashing)]
    finally:
        await services.stop()


async def _told(name: str, examine: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """What `examine` finds; what it stumbles over is a finding too."""
    try:
        return await examine()
    except ConfigurationError as error:
        return [Finding(name, Level.FAIL, str(error))]
    except Exception as error:  # noqa: BLE001  # whatever it is, the operator wants a line and the other findings
        said = str(error).partition("\n")[0]
        return [Finding(name, Level.FAIL, f"could not be examined ({type(error).__name__}: {said})")]


async def _reach(services: Services, wait: float) -> None:
    """Return once the database answers.

    Raises:
        ConfigurationError: it did not within `wait` seconds.
    """
    deadline = services.clock.boottime() + wait
    told = False
    while True:
        try:
            async with database_is_named(services.database):
                await schema.current_revision(services.database.engine)
        except ConfigurationError:
            if services.clock.boottime() + _PAUSE > deadline:
                raise
            if not told and sys.stderr.isatty():
                sys.stderr.write("Waiting for the database ...\n")
            told = True
            await asyncio.sleep(_PAUSE)
        else:
            return
