"""The one place that reads the machine's clocks; everything else is handed a `Clock`."""

import sys
import time
from datetime import UTC, datetime
from typing import Protocol

# CLOCK_BOOTTIME goes on counting while the machine sleeps. macOS has no such name: its CLOCK_MONOTONIC does that.
_BOOT_CLOCK = time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC


class Clock(Protocol):
    """Wall time for what is written down, boot time for how long ago something was."""

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""

    def boottime(self) -> float:
        """Seconds since some fixed moment, never set back, counting on while the machine sleeps."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""
        return datetime.now(UTC)

    def boottime(self) -> float:
        """Seconds since boot, sleep included."""
        return time.clock_gettime(_BOOT_CLOCK)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the Unix epoch."""
    return int(moment.timestamp() * 1000)
