"""Decides from times alone which signing key is next, active, retiring or gone, and which keys there should be. Pure.

    published ──(at least twice the JWKS max-age)── activates ──(signs)── retires ──(its last tokens expire)── gone

Every worker judges by its own clock, so a turn needs no write. Of the keys that may sign, the one activated last is
active; while none is (a clock behind the one that made it), the first to come stands in. A stored key is published.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

VERIFIER_SLACK = timedelta(seconds=120)
"""How long a key outlasts its last token: for other verifiers' leeway, and for workers that missed a turn."""
_FAR = datetime.max.replace(tzinfo=UTC)


class State(StrEnum):
    """Where a key stands."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRING = "retiring"
    GONE = "gone"


@dataclass(frozen=True)
class KeyTimes:
    """A signing key without its secrets. `retires_at` is the moment its successor activates."""

    kid: str
    algorithm: str
    created_at: datetime
    published_at: datetime
    activates_at: datetime
    retires_at: datetime | None = None
    gone_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Policy:
    """What the settings ask of signing keys."""

    algorithm: str
    rotation_period: timedelta
    jwks_max_age: timedelta
    access_lifetime: timedelta

    @property
    def lead(self) -> timedelta:
        """How long a key is published before it signs: twice what a verifier may cache, so that all have it."""
        return 2 * self.jwks_max_age

    @property
    def tail(self) -> timedelta:
        """How long a key is published after it signed."""
        return self.access_lifetime + VERIFIER_SLACK


def active_key(keys: Sequence[KeyTimes], now: datetime) -> KeyTimes | None:
    """The one key that signs now; None only when there is none at all that was not revoked."""
    line = _line(keys)
    activated = [key for key in line if key.activates_at <= now]
    if activated:
        return activated[-1]
    return line[0] if line else None


def state_of(key: KeyTimes, keys: Sequence[KeyTimes], now: datetime) -> State:
    """Where `key` stands among all `keys`."""
    if key.revoked_at is not None:
        return State.GONE
    if key == active_key(keys, now):
        return State.ACTIVE
    if key.activates_at > now:
        return State.NEXT
    return State.GONE if key.gone_at is not None and key.gone_at <= now else State.RETIRING


def plan(keys: Sequence[KeyTimes], now: datetime, policy: Policy) -> tuple[KeyTimes, ...]:
    """The keys as they should be: always an active one and a next of the wanted algorithm, their times in line.

    A key to be made has a placeholder (`new …`) for a `kid`; a next of another algorithm, which never signed, is left
    out. Planning what was planned changes nothing.
    """
    active = active_key(keys, now)
    if active is None:
        active = _new(keys, policy, now, activates_at=now)
        keys = (*keys, active)
    comes = [key for key in _line(keys) if key.activates_at > now and key.kid != active.kid]
    due = max(active.activates_at + policy.rotation_period, now + policy.lead)
    if not comes or _must_be_replaced(comes[0], now, policy):
        keys = tuple(key for key in keys if key not in comes)
        activates_at = due if active.algorithm == policy.algorithm else now + policy.lead
        keys = (*keys, _new(keys, policy, now, activates_at=activates_at))
    elif due < comes[0].activates_at:  # the period was shortened
        keys = _with(keys, replace(comes[0], activates_at=due))
    return _retire_active(keys, now, policy)


def plan_rotation(
    keys: Sequence[KeyTimes], now: datetime, policy: Policy, *, at_once: bool = False
) -> tuple[KeyTimes, ...]:
    """The keys as they should be when the next one signs as soon as all verifiers have it, or `at_once`."""
    keys = plan(keys, now, policy)
    active = active_key(keys, now)
    comes = [key for key in _line(keys) if key.activates_at > now and key != active]
    if active is not None and comes:
        soonest = now if at_once else max(now, comes[0].published_at + policy.lead)
        moment = min(max(soonest, active.activates_at), comes[0].activates_at)
        keys = _with(keys, replace(comes[0], activates_at=moment))
        if moment <= now:
            keys = _with(keys, _retired(active, moment, policy))
    return plan(keys, now, policy)


def plan_revocation(keys: Sequence[KeyTimes], kid: str, now: datetime, policy: Policy) -> tuple[KeyTimes, ...]:
    """The keys as they should be without `kid`: out for ever. If it was active, the next one signs at once."""
    active = active_key(keys, now)
    keys = tuple(
        replace(key, revoked_at=key.revoked_at or now, retires_at=now, gone_at=now) if key.kid == kid else key
        for key in keys
    )
    comes = [key for key in _line(keys) if key.activates_at > now]
    if active is not None and active.kid == kid and comes:
        keys = _with(keys, replace(comes[0], activates_at=now))
    return plan(keys, now, policy)


def _line(keys: Sequence[KeyTimes]) -> list[KeyTimes]:
    """The keys that were not revoked, in the order in which they sign."""
    usable = [key for key in keys if key.revoked_at is None]
    return sorted(usable, key=lambda key: (key.activates_at, key.retires_at or _FAR, key.kid))


def _new(keys: Sequence[KeyTimes], policy: Policy, now: datetime, *, activates_at: datetime) -> KeyTimes:
    return KeyTimes(
        kid=f"new {len(keys)}", algorithm=policy.algorithm, created_at=now, published_at=now, activates_at=activates_at
    )


def _must_be_replaced(key: KeyTimes, now: datetime, policy: Policy) -> bool:
    """Not when it is about to sign: a worker that has not heard of its end would sign with it."""
    return key.algorithm != policy.algorithm and key.activates_at > now + VERIFIER_SLACK


def _with(keys: Sequence[KeyTimes], changed: KeyTimes) -> tuple[KeyTimes, ...]:
    return tuple(changed if key.kid == changed.kid else key for key in keys)


def _retire_active(keys: Sequence[KeyTimes], now: datetime, policy: Policy) -> tuple[KeyTimes, ...]:
    active = active_key(keys, now)
    line = _line(keys)
    if active is None:
        return tuple(keys)
    successor = line[line.index(active) + 1]
    return _with(keys, _retired(active, successor.activates_at, policy))


def _retired(key: KeyTimes, moment: datetime, policy: Policy) -> KeyTimes:
    """Its tail never shrinks: tokens issued under an earlier, longer lifetime may still be about."""
    tail = policy.tail
    if key.retires_at is not None and key.gone_at is not None:
        tail = max(tail, key.gone_at - key.retires_at)
    return replace(key, retires_at=moment, gone_at=moment + tail)
