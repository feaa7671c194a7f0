"""What tests of keys and tokens share: a clock that stands still, and workers over one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from app.crypto import jwk
from app.crypto.derive import MasterSecrets
from app.crypto.jwk import PrivateKey
from app.crypto.sealing import Sealer
from app.database import dialects
from app.database.engine import Database
from app.domain.audit.events import Audit
from app.domain.keys.keyring import Keyring, RingKey
from app.domain.keys.lifecycle import KeyTimes
from app.domain.keys.service import SigningKeys
from app.domain.revocation.entries import Entry
from app.domain.revocation.service import Revocations
from app.domain.revocation.writer import RevocationWriter

T0 = datetime(2030, 1, 1, tzinfo=UTC)
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
OLD_SECRET, NEW_SECRET = b"o" * 32, b"n" * 32


class StoppedClock:
    """Stands still until it is moved; both clocks move together."""

    def __init__(self, moment: datetime = T0) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def boottime(self) -> float:
        return self.moment.timestamp()

    def move(self, by: timedelta) -> None:
        self.moment += by


class FakeRevocations(Revocations):
    """Revocations whose answers a test decides; what is revoked in a transaction is written as the real ones write."""

    def __init__(self) -> None:
        RevocationWriter.__init__(self, timedelta(minutes=10), self._note)
        self.entries: list[Entry] = []
        self.refused: set[object] = set()
        self.is_fresh = True
        self.waits = 0
        self.failure: Exception | None = None

    def _note(self, entries: object) -> None:
        assert isinstance(entries, (list, tuple))
        self.entries.extend(entries)

    @property
    def fresh(self) -> bool:
        return self.is_fresh

    async def wait_until_fresh(self) -> None:
        self.waits += 1
        if self.failure is not None:
            raise self.failure

    def refuses(self, *, session_id: UUID, token_id: str, user_id: UUID, epoch: int, key_id: str) -> bool:
        return bool(self.refused & {session_id, token_id, user_id, ("epoch", epoch), key_id})


class MemoryRing(Keyring):
    """A ring without a database: keys are put in by the test, and a reload brings what `arriving` holds."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__(None, None, clock)  # type: ignore[arg-type]  # `load` below needs neither
        self.loads = 0
        self.arriving: list[tuple[RingKey, KeyTimes]] = []

    async def load(self) -> None:
        self.loads += 1
        for key, times in self.arriving:
            self.put(key, times)

    def put(self, key: RingKey, times: KeyTimes) -> None:
        self._keys[key.kid] = key
        self._times[key.kid] = times

    def add(self, algorithm: str, *, key: PrivateKey | None = None, kid: str | None = None) -> RingKey:
        made = ring_key(algorithm, key=key, kid=kid)
        self.put(made, times_of(made, activates_at=T0))
        return made


def ring_key(algorithm: str, *, key: PrivateKey | None = None, kid: str | None = None) -> RingKey:
    private = _fresh(algorithm) if key is None else key
    public = jwk.public_part(private)
    name = kid or jwk.thumbprint(public, algorithm)
    return RingKey(name, algorithm, private, public, jwk.public_jwk(public, kid=name, algorithm=algorithm))


def _fresh(algorithm: str) -> PrivateKey:
    return _one_rsa_key() if algorithm[:2] in {"RS", "PS"} else jwk.generate(algorithm)


@cache
def _one_rsa_key() -> PrivateKey:
    """Making one takes long, and tests need no second."""
    return jwk.generate("RS256")


def times_of(key: RingKey, *, activates_at: datetime, gone_at: datetime | None = None) -> KeyTimes:
    return KeyTimes(key.kid, key.algorithm, T0, T0, activates_at, gone_at=gone_at)


class Worker:
    """A worker process as far as keys go: its own pool, ring and secrets over a shared database."""

    def __init__(self, url: str, clock: StoppedClock, *secrets: bytes, algorithm: str = "ES256") -> None:
        five = timedelta(seconds=5)
        engine = dialects.create_engine(dialects.normalise_url(url), pool_size=5, timeout=five, server_timeout=five)
        self.database = Database(engine, clock, timeout=timedelta(seconds=10))
        self.revocations = FakeRevocations()
        sealer = Sealer(MasterSecrets(secrets or (NEW_SECRET,)), "signing-key")
        self.ring = Keyring(self.database, sealer, clock)
        self.keys = SigningKeys(
            self.database,
            self.ring,
            sealer=sealer,
            algorithm=algorithm,
            rotation_period=90 * DAY,
            jwks_max_age=10 * MINUTE,
            access_lifetime=10 * MINUTE,
            revocations=self.revocations,
            audit=Audit(),
        )


@asynccontextmanager
async def worker(url: str, clock: StoppedClock, *secrets: bytes, algorithm: str = "ES256") -> AsyncIterator[Worker]:
    made = Worker(url, clock, *secrets, algorithm=algorithm)
    try:
        yield made
    finally:
        await made.database.dispose()
