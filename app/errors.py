"""What can be refused, in domain words.

    DomainError
    ├── UnauthenticatedError   we do not know who is asking
    ├── ForbiddenError         we know, and they may not
    ├── NotFoundError          no such thing, or not theirs to know of
    ├── ConflictError          it contradicts what is there
    ├── RuleViolationError     the request breaks a rule; it says which
    └── UnavailableError       not now: come back after `retry_after` seconds

Each concrete error has a stable `code` (clients rely on it) and a safe `title` (for anyone). `detail` is for
the caller; what only the operator may see goes into the log, never here.
"""

from dataclasses import dataclass
from typing import ClassVar


class DomainError(Exception):
    """The root. Doors render it; features raise one of the six kinds below."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class UnauthenticatedError(DomainError):
    """We do not know who is asking."""


class ForbiddenError(DomainError):
    """We know who is asking, and they may not."""


class NotFoundError(DomainError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    title = "There is no such thing here."


class ConflictError(DomainError):
    """The request contradicts what is there."""


@dataclass(frozen=True)
class BrokenRule:
    """One rule that a request broke: where (`loc`), in words, and its stable name (`rule`)."""

    loc: tuple[str, ...]
    message: str
    rule: str


class RuleViolationError(DomainError):
    """The request breaks a rule. `broken` says which; it never carries the offending value."""

    code = "validation_failed"
    title = "The request is not valid."

    def __init__(self, detail: str | None = None, *, broken: tuple[BrokenRule, ...] = ()) -> None:
        super().__init__(detail)
        self.broken = broken


class UnavailableError(DomainError):
    """Not now. `retry_after` is in whole seconds."""

    code = "unavailable"
    title = "A part of the service that this needs is not available now. Try again soon."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
