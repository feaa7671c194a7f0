"""What the server imports: `create`, the factory of the ASGI application in a worker process."""

import os
from pathlib import Path

from starlette.types import ASGIApp

from app.application import create_application
from app.clock import SystemClock
from app.composition import HASH_SLOTS_VARIABLE, build_services
from app.observability import logging
from app.settings import load_settings


def create() -> ASGIApp:
    """The application of this process, from its environment."""
    settings = load_settings()
    logging.configure(level=settings.log.level, style=settings.log.format)
    slots = os.environ.get(HASH_SLOTS_VARIABLE)
    return create_application(build_services(settings, SystemClock(), hash_slots=Path(slots) if slots else None))
