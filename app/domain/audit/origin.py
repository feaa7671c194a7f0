"""Where a request came from, as far as it can be known."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The client's address and what it calls itself, both bounded in length and free of control characters."""

    ip: str | None = None
    user_agent: str | None = None


LOCAL = Origin(user_agent="signet command")
"""An operator at the terminal."""
