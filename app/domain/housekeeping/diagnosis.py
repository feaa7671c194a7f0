"""Examines, before or beside a running service, what it stands on: each finding with the remedy, for an operator."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.clock import Clock
from app.crypto.passwords import PasswordHasher
from app.domain.housekeeping.readiness import Readiness
from app.domain.keys.errors import KeysSealedError
from app.domain.keys.keyring import Keyring
from app.domain.keys.lifecycle import State
from app.domain.keys.service import SigningKeys
from app.domain.revocation.service import SKEW_NOT_READY, Revocations
from app.errors import UnavailableError

_SKEW_TOLERATED = 10.0
_HASH_TAKES_LONG = 1.0
_SAMPLE = "a password to measure with"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was found about one thing: `detail` is a sentence, with the remedy where one is needed."""

    name: str
    level: Level
    detail: str


class Diagnosis:
    """Asks every part once. Changes nothing but the row that shows that the database commits."""

    def __init__(
        self,
        *,
        readiness: Readiness,
        keyring: Keyring,
        keys: SigningKeys,
        revocations: Revocations,
        hasher: PasswordHasher,
        clock: Clock,
    ) -> None:
        self._readiness = readiness
        self._keyring = keyring
        self._keys = keys
        self._revocations = revocations
        self._hasher = hasher
        self._clock = clock

    async def of_database(self) -> list[Finding]:
        """Whether it commits and is at head, its clock, the revocations and the signing keys in it.

        Starts following revocations: whoever asks stops them.
        """
        await self._revocations.start()
        checks = await self._readiness.checks()
        found = [
            Finding(name, Level.OK if checks[name].ok else Level.FAIL, checks[name].detail)
            for name in ("database", "migrations")
        ]
        if not all(checks[name].ok for name in ("database", "migrations")):
            return found
        return [*found, self._clocks(), self._revocations_loaded(), *await self._signing_keys()]

    async def of_hashing(self) -> Finding:
        """Whether a password is hashed and recognised with the configured memory, and how long that takes."""
        began = self._clock.boottime()
        try:
            right = (await self._hasher.verify(_SAMPLE, await self._hasher.hash(_SAMPLE))).ok
        except (ValueError, MemoryError):
            right = False
        if not right:
            remedy = "lower SIGNET_PASSWORDS__ARGON2_MEMORY_KIB or give the machine more memory"
            return Finding("hashing", Level.FAIL, f"a password could not be hashed: {remedy}")
        seconds = (self._clock.boottime() - began) / 2
        if seconds > _HASH_TAKES_LONG:
            remedy = "lower SIGNET_PASSWORDS__ARGON2_MEMORY_KIB or SIGNET_PASSWORDS__ARGON2_TIME_COST"
            return Finding("hashing", Level.WARN, f"a hash takes {seconds:.1f} s, and a log-in as long: {remedy}")
        return Finding("hashing", Level.OK, f"a hash takes {seconds * 1000:.0f} ms")

    def _clocks(self) -> Finding:
        skew = self._revocations.clock_skew_seconds
        detail = f"the database's clock is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
        if abs(skew) <= _SKEW_TOLERATED:
            return Finding("clock", Level.OK, detail)
        level = Level.FAIL if abs(skew) > SKEW_NOT_READY else Level.WARN
        return Finding("clock", level, f"{detail}: have both synchronised (NTP)")

    def _revocations_loaded(self) -> Finding:
        if not self._revocations.fresh:
            return Finding("revocations", Level.FAIL, f"{self._revocations.ready_detail}: see the log")
        return Finding("revocations", Level.OK, f"{sum(self._revocations.sizes().values())} loaded")

    async def _signing_keys(self) -> list[Finding]:
        try:
            await self._keyring.load()
            keys = await self._keys.list_keys()
        except KeysSealedError as error:
            return [Finding("keys", Level.FAIL, str(error))]
        except UnavailableError:
            return [Finding("keys", Level.FAIL, "they cannot be read: see the database")]
        active = next((key for key in keys if key.state is State.ACTIVE), None)
        if active is None:
            return [Finding("keys", Level.WARN, "there is none yet: `signet serve` makes one when it starts")]
        found = Finding("keys", Level.OK, f"{active.kid} signs with {active.algorithm}")
        return [found, self._next_key([key.activates_at for key in keys if key.state is State.NEXT])]

    @staticmethod
    def _next_key(activations: list[datetime]) -> Finding:
        if not activations:
            detail = "none is published: `signet serve` publishes one when it starts"
            return Finding("next key", Level.WARN, detail)
        return Finding("next key", Level.OK, f"signs from {min(activations).isoformat(timespec='seconds')}")
