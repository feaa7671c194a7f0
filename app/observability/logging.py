"""Structured logs: one JSON line per record (or a readable one on a terminal), ours and the libraries' alike.

Nothing secret gets through: members with a secret's name are blanked, and so is whatever looks like a token of ours.
What an exception says within a request may quote the request, passwords too: its kind and place are written, not its
words.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, Literal

import structlog

_SECRET_NAMES = re.compile(
    r"pass(word|wd)|secret|authorization|cookie|(access|refresh)_token|idempotency", re.IGNORECASE
)
_TOKENS = re.compile(r"sgr_[A-Za-z0-9_-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*")
SECURITY = "signet.security"
"""The logger of security events."""
REQUEST_ID = "request_id"
"""The member that every record within a request has."""
_BLANK = "[redacted]"
_TERMINAL_ONLY = "color_message"  # uvicorn says the same twice
_QUIET = ("aiosqlite", "sqlalchemy", "alembic")

Event = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Blank what must not be written down."""
    event.pop(_TERMINAL_ONLY, None)
    for name, value in event.items():
        if name == "event":
            event[name] = _TOKENS.sub(_BLANK, value) if isinstance(value, str) else value
        elif _SECRET_NAMES.search(name):
            event[name] = _BLANK
        elif isinstance(value, str):
            event[name] = _TOKENS.sub(_BLANK, value)
    return event


def render_exception(_logger: Any, _method: str, event: Event) -> Event:
    """Write out the exception of a record; within a request without anything that an exception says."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        lines = _kinds_and_places(error) if REQUEST_ID in event else traceback.format_exception(error)
        event["exception"] = "".join(lines).rstrip()
    return event


def _kinds_and_places(error: BaseException) -> Iterator[str]:
    """As `traceback.format_exception`, the cause first; of each exception its frames and its class."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _kinds_and_places(cause)
        yield "\nthen\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield "\nin it\n\n"
            yield from _kinds_and_places(member)


def configure(*, level: str, style: Literal["json", "console", ""], asyncio_level: str = "warning") -> None:
    """Set logging up for this process. An empty `style` means: readable on a terminal, else JSON.

    Security events are written whatever the level: they are a record, not chatter. A command, which ends with one
    sentence, turns down what asyncio says of connections that an interrupt has cut off.
    """
    console = style == "console" or (not style and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=True)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                render_exception,
                redact,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger(SECURITY).setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("asyncio").setLevel(asyncio_level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
