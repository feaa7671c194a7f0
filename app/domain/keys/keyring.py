"""The signing keys in a worker's memory, opened and ready. Answers who signs now and which key verifies a `kid`.

A key keeps its object for as long as it is in the ring: who remembers what a key has verified compares the object.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app.clock import Clock
from app.crypto import jwk
from app.crypto.jwk import PrivateKey, PublicKey
from app.crypto.sealing import CannotOpenError, Sealer
from app.database.engine import Database
from app.domain.keys.errors import KeysSealedError, NoSigningKeyError
from app.domain.keys.lifecycle import KeyTimes, State, active_key, state_of
from app.domain.keys.repository import SigningKeyRepository, StoredKey
from app.domain.revocation.entries import Entry, Kind
from app.errors import UnavailableError

_log = structlog.get_logger("signet.keys")
RELOAD_PAUSE = 1.0
"""Seconds between two reloads that unknown `kid`s may cause: anyone can make one up."""


@dataclass(frozen=True, eq=False)
class RingKey:
    """One opened key; equal only to itself. Its times may move while it stays the same: ask the ring for them."""

    kid: str
    algorithm: str
    signing_key: PrivateKey = field(repr=False)
    verification_key: PublicKey = field(repr=False)
    public_jwk: dict[str, str]


class Keyring:
    """Every key that may sign or verify, as the database had them at the last `load`."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._repository = SigningKeyRepository()
        self._keys: dict[str, RingKey] = {}
        self._times: dict[str, KeyTimes] = {}
        self._dropped: set[str] = set()
        self._loading = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._last_asked: float | None = None
        self._replacing: asyncio.Task[None] | None = None
        self.kids_unopened: tuple[str, ...] = ()

    async def load(self) -> None:
        """Take over what the database has. Call it at start, after changes and, on every worker, once a minute.

        Raises:
            KeysSealedError: a live key opens under none of the secrets; those that open are in the ring all the same.
            DatabaseUnavailableError: the ring stays as it was.
        """
        async with self._loading:
            async with self._database.statement() as db:
                stored = await self._repository.list_all(db)
                live = live_keys(stored, db.now)
            keys: dict[str, RingKey] = {}
            unopened: list[str] = []
            for key in live:
                kid = key.times.kid
                known = self._keys.get(kid)
                try:
                    keys[kid] = await asyncio.to_thread(self._open, key) if known is None else known
                except CannotOpenError:
                    unopened.append(kid)
            times = {key.times.kid: key.times for key in live}
            self._keys = {kid: key for kid, key in keys.items() if kid not in self._dropped}
            self._times = {kid: times[kid] for kid in self._keys}
            self.kids_unopened = tuple(unopened)
        if unopened:
            raise KeysSealedError(self.kids_unopened)

    def active(self, now: datetime) -> RingKey:
        """The key that signs now.

        Raises:
            NoSigningKeyError: nothing was loaded, or all of it was revoked.
        """
        key = active_key(tuple(self._times.values()), now)
        if key is None:
            raise NoSigningKeyError
        return self._keys[key.kid]

    def find(self, kid: str, now: datetime) -> RingKey | None:
        """The key of this `kid`, if it is published and neither gone nor revoked."""
        times = self._times.get(kid)
        if times is None:
            return None
        if times.gone_at is not None and times.gone_at <= now and self._is_gone(times, now):
            return None
        return self._keys[kid]

    def published(self, now: datetime) -> tuple[RingKey, ...]:
        """Every key that verifies now: next, active and retiring ones, in the order in which they sign."""
        return tuple(key for kid in self._times if (key := self.find(kid, now)) is not None)

    def drop(self, kid: str) -> None:
        """Take a revoked key out at once and for ever; the next one signs in its place."""
        self._dropped.add(kid)
        self._times = {known: times for known, times in self._times.items() if known != kid}
        self._keys.pop(kid, None)

    def heed(self, entry: Entry) -> None:
        """Drop the key that a revocation speaks of, and load what signs in its place. For who follows revocations."""
        if entry.kind is Kind.KEY and entry.subject not in self._dropped:
            self.drop(entry.subject)
            if self._replacing is None or self._replacing.done():
                self._replacing = asyncio.get_running_loop().create_task(self._load_the_replacement())

    async def _load_the_replacement(self) -> None:
        """It was committed with the revocation. What fails here is tried again with the next regular load."""
        try:
            await self.load()
        except UnavailableError as error:
            _log.warning("keys_not_loaded", error=str(error))

    async def reload_for_unknown_kid(self, kid: str) -> None:
        """Load again, in case this worker has missed `kid`; at most once per `RELOAD_PAUSE`, shared by all who wait.

        Raises:
            UnavailableError: loading failed, so whether the `kid` is ours cannot be told.
        """
        async with self._asking:
            if kid in self._keys or kid in self._dropped:
                return
            moment = self._clock.boottime()
            if self._last_asked is not None and moment - self._last_asked < RELOAD_PAUSE:
                return
            self._last_asked = moment
            try:
                await self.load()
            except UnavailableError:
                self._last_asked = None  # nothing was learned: the next one asks again, and is told so as well
                raise

    def _is_gone(self, times: KeyTimes, now: datetime) -> bool:
        return state_of(times, tuple(self._times.values()), now) is State.GONE

    def _open(self, stored: StoredKey) -> RingKey:
        kid, algorithm = stored.times.kid, stored.times.algorithm
        material = self._sealer.open(stored.sealed_key, bound_to=kid.encode())
        signing_key = jwk.from_bytes(material, algorithm)
        verification_key = jwk.public_part(signing_key)
        public_jwk = jwk.public_jwk(verification_key, kid=kid, algorithm=algorithm)
        return RingKey(kid, algorithm, signing_key, verification_key, public_jwk)


def live_keys(stored: Sequence[StoredKey], now: datetime) -> list[StoredKey]:
    """Those that are not gone."""
    times = tuple(key.times for key in stored)
    return [key for key in stored if state_of(key.times, times, now) is not State.GONE]
