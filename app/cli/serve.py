"""`signet serve`: uvicorn with uvloop and httptools, one worker or several."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.cli.protocol import BoundedHttpProtocol
from app.cli.running import prepare_schema
from app.cli.supervisor import Supervisor
from app.clock import SystemClock
from app.composition import HASH_SLOTS_VARIABLE, build_services, check_hashing
from app.observability import logging
from app.settings import PREFIX, ConfigurationError, Settings, load_settings

_log = structlog.get_logger("signet")
_DRAIN_SECONDS = 10
"""How long running requests may take after SIGTERM."""
_STOP_SECONDS = 5
"""How long a worker may take after that to give everything back."""
_HUNG_SECONDS = 30
"""A worker that answers its supervisor for so long not at all is replaced; starting on a busy machine takes a while."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate a server database first.")] = False,
) -> None:
    """Serve. An embedded database is migrated first; a server database must be at the newest schema."""
    signal.signal(signal.SIGTERM, _ended_well)
    for name, value in (("HOST", host), ("PORT", port), ("WORKERS", workers)):
        if value is not None:  # the workers read the same settings from the same environment
            os.environ[f"{PREFIX}SERVER__{name}"] = str(value)
    settings = load_settings()
    logging.configure(level=settings.log.level, style=settings.log.format)
    _warn_of_a_short_leeway(settings)
    asyncio.run(_prepare(settings, migrate=migrate))
    slots = Path(tempfile.mkdtemp(prefix="signet-")) if settings.server.workers > 1 else None
    if slots is not None:
        os.environ[HASH_SLOTS_VARIABLE] = str(slots)
    try:
        _run(settings)
    finally:
        if slots is not None:
            shutil.rmtree(slots, ignore_errors=True)


def _warn_of_a_short_leeway(settings: Settings) -> None:
    """A rotation may be acknowledged one database timeout late, and its retry come another one later."""
    leeway, timeout = settings.sessions.refresh_leeway, settings.database.timeout
    if timedelta(0) < leeway < 2 * timeout:
        _log.warning(
            "SIGNET_SESSIONS__REFRESH_LEEWAY is under twice SIGNET_DATABASE__TIMEOUT: a retry may come too late",
            refresh_leeway=leeway.total_seconds(),
            database_timeout=timeout.total_seconds(),
        )


async def _prepare(settings: Settings, *, migrate: bool) -> None:
    """Find what would stop the workers from starting, while one sentence can still say so."""
    check_hashing(settings)
    services = build_services(settings, SystemClock())
    try:
        await prepare_schema(services, migrate=migrate)
        await services.keys.ensure()
    finally:
        await services.stop()


def _run(settings: Settings) -> None:
    server = settings.server
    config = uvicorn.Config(
        "app.main:create",
        factory=True,
        host=server.host,
        port=server.port,
        workers=server.workers,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=BoundedHttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(server.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in server.trusted_proxies],
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_worker_healthcheck=_HUNG_SECONDS,
        lifespan="on",
    )
    listening = _bind(server.host, server.port)
    if server.workers == 1:
        uvicorn.Server(config).run(sockets=[listening])
        return
    supervisor = Supervisor(config, [listening], end_seconds=_DRAIN_SECONDS + _STOP_SECONDS)
    supervisor.run()
    if supervisor.failed:
        sys.exit(STARTUP_FAILURE)


def _bind(host: str, port: int) -> socket.socket:
    """The socket that the workers will listen on.

    Raises:
        ConfigurationError: the address is not this machine's, or the port is taken.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigurationError(
            f"Port {port} of {host} cannot be listened on ({error.strerror}): "
            "check SIGNET_SERVER__HOST and SIGNET_SERVER__PORT."
        ) from None
    bound.set_inheritable(True)
    name = f"[{host}]" if ":" in host else host
    _log.info("serving", url=f"http://{name}:{bound.getsockname()[1]}")
    return bound


def _ended_well(_signal: int, _frame: object) -> None:
    """Uvicorn drains on SIGTERM and then raises it anew; having drained is a success."""
    sys.exit(0)
