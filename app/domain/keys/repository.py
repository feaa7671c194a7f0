"""Reads and writes signing keys. Whoever changes them holds the lock first, so that only one worker plans at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from app.database.engine import Transaction
from app.domain.keys.lifecycle import KeyTimes
from app.domain.keys.models import SigningKey

_LOCK = int.from_bytes(b"sgn-keys")


@dataclass(frozen=True)
class StoredKey:
    """A row: a key's times beside its sealed private half and its public one."""

    times: KeyTimes
    sealed_key: bytes
    public_jwk: dict[str, str]


class SigningKeyRepository:
    """Questions about signing keys."""

    async def lock(self, db: Transaction) -> None:
        """Wait until no other transaction changes signing keys. SQLite's BEGIN IMMEDIATE has done so already."""
        if db.dialect == "postgresql":
            await db.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def list_all(self, db: Transaction) -> list[StoredKey]:
        """Every key that was ever published, in the order in which they sign."""
        rows = await db.execute(select(SigningKey.__table__).order_by(SigningKey.activates_at, SigningKey.kid))
        return [
            StoredKey(
                times=KeyTimes(
                    kid=row.kid,
                    algorithm=row.algorithm,
                    created_at=row.created_at,
                    published_at=row.published_at,
                    activates_at=row.activates_at,
                    retires_at=row.retires_at,
                    gone_at=row.gone_at,
                    revoked_at=row.revoked_at,
                ),
                sealed_key=row.sealed_key,
                public_jwk=row.public_jwk,
            )
            for row in rows
        ]

    async def add(self, db: Transaction, key: StoredKey) -> None:
        """Publish a new key."""
        times = key.times
        await db.execute(
            insert(SigningKey).values(
                kid=times.kid,
                algorithm=times.algorithm,
                sealed_key=key.sealed_key,
                public_jwk=key.public_jwk,
                created_at=times.created_at,
                published_at=times.published_at,
                activates_at=times.activates_at,
                retires_at=times.retires_at,
                gone_at=times.gone_at,
                revoked_at=times.revoked_at,
            )
        )

    async def move(self, db: Transaction, times: KeyTimes) -> None:
        """Give a key other times."""
        await db.execute(
            update(SigningKey)
            .where(SigningKey.kid == times.kid)
            .values(
                activates_at=times.activates_at,
                retires_at=times.retires_at,
                gone_at=times.gone_at,
                revoked_at=times.revoked_at,
            )
        )

    async def reseal(self, db: Transaction, kid: str, sealed_key: bytes) -> None:
        """Keep a key under another secret."""
        await db.execute(update(SigningKey).where(SigningKey.kid == kid).values(sealed_key=sealed_key))

    async def withdraw(self, db: Transaction, kid: str) -> None:
        """Forget a key that never signed."""
        await db.execute(delete(SigningKey).where(SigningKey.kid == kid))

    async def prune(self, db: Transaction, *, gone_before: datetime) -> int:
        """Delete keys that were gone before then, their sealed halves too; how many there were."""
        return (await db.execute(delete(SigningKey).where(SigningKey.gone_at < gone_before))).rowcount
