"""How old a worker's knowledge is, measured so that a worker which was stopped and goes on cannot be fooled."""

import math
from dataclasses import dataclass
from datetime import datetime

from app.clock import Clock


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant by both clocks."""

    boottime: float
    wall: datetime

    @classmethod
    def of(cls, clock: Clock) -> "Moment":
        """This instant."""
        return cls(clock.boottime(), clock.now())


class Freshness:
    """Remembers when the last successful poll *started*: what was committed after that may be unknown."""

    def __init__(self) -> None:
        self._started: Moment | None = None

    def succeeded(self, started: Moment) -> None:
        """Note a poll that succeeded and had begun at `started`."""
        self._started = started

    def age(self, clock: Clock) -> float:
        """Seconds, the larger of boot time and wall time; infinite before the first success.

        Boot time goes on where the wall clock is set back, the wall clock goes on where boot time is not counted (a
        restored or migrated virtual machine). A wall clock that was set back gives a negative age: then boot time is
        the larger.
        """
        if self._started is None:
            return math.inf
        boot = clock.boottime() - self._started.boottime
        return max(boot, (clock.now() - self._started.wall).total_seconds())
