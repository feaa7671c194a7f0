"""Decides what a refresh token means that did not move its session. Pure: no I/O, no clock.

RFC 9700 section 4.14.2: a refresh token is used once, and a second use is evidence of theft, so the session ends;
unless it comes so soon, or with the key of that very rotation, that a lost answer is likelier: then it gets the same
successor again, and nothing forks.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


@dataclass(frozen=True)
class SessionState:
    """What the row says, as far as the verdict depends on it."""

    generation: int
    rotated_at: datetime
    retry_key: bytes | None
    retry_key_counts: bool
    ended: bool
    idle_expires_at: datetime
    expires_at: datetime
    user_may_have_tokens: bool


class Verdict(Enum):
    """What to do about a token that did not move its session."""

    UNKNOWN = "unknown"
    """No such session: pruned, deleted or lost in a failover. Never re-created, never called reuse."""
    DEAD = "dead"
    """Ended, expired, idle too long, or the user may have no tokens now. Nothing is written."""
    RETRY = "retry"
    """The same successor again."""
    REUSED = "reused"
    """A used token came back: end the session."""
    CLAIM_AGAIN = "claim_again"
    """It should have moved: a passing lock, a neighbour's rotation. Never end a session for it."""


def judge(
    state: SessionState | None,
    *,
    generation: int,
    retry_key: bytes | None,
    now: datetime,
    leeway: timedelta,
) -> Verdict:
    """The verdict on a genuine token of `generation`, in the order of the design's table.

    `retry_key` is the digest of the caller's Idempotency-Key. A negative age of the last rotation (another worker's
    clock) counts as zero; a leeway of zero turns the window off.
    """
    if state is None:
        return Verdict.UNKNOWN
    if state.ended or state.expires_at <= now or state.idle_expires_at <= now or not state.user_may_have_tokens:
        return Verdict.DEAD
    if generation >= state.generation:
        return Verdict.CLAIM_AGAIN
    if generation == state.generation - 1:
        age = max(now - state.rotated_at, timedelta(0))
        if age < leeway or _same_rotation(state, retry_key):
            return Verdict.RETRY
    return Verdict.REUSED


def _same_rotation(state: SessionState, retry_key: bytes | None) -> bool:
    return (
        retry_key is not None
        and state.retry_key is not None
        and state.retry_key_counts
        and hmac.compare_digest(state.retry_key, retry_key)
    )
