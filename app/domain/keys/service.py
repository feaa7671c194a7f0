"""Keeps the signing keys in order: makes the next one in time, and rotates and revokes on an operator's word."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.crypto import jwk
from app.crypto.jwk import PrivateKey
from app.crypto.sealing import CannotOpenError, Sealer
from app.database.engine import Database, Transaction
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import LOCAL, Origin
from app.domain.keys import lifecycle
from app.domain.keys.errors import KeysSealedError, UnknownKeyError
from app.domain.keys.keyring import Keyring, live_keys
from app.domain.keys.lifecycle import KeyTimes, Policy, State
from app.domain.keys.repository import SigningKeyRepository, StoredKey
from app.domain.revocation.service import Revocations

_SHOWN_AFTER_GONE = timedelta(days=30)
"""How long operators can still see a key that is gone."""
_Decision = Callable[[tuple[KeyTimes, ...], datetime], tuple[KeyTimes, ...]]
_Effect = Callable[[Transaction], Awaitable[None]]


@dataclass(frozen=True)
class KeyView:
    """A signing key as operators see it."""

    kid: str
    algorithm: str
    state: State
    created_at: datetime
    published_at: datetime
    activates_at: datetime
    retires_at: datetime | None
    gone_at: datetime | None
    revoked_at: datetime | None


class SigningKeys:
    """The use cases around signing keys. Safe to call from several workers at once: they take turns."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        *,
        sealer: Sealer,
        algorithm: str,
        rotation_period: timedelta,
        jwks_max_age: timedelta,
        access_lifetime: timedelta,
        revocations: Revocations,
        audit: Audit,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._sealer = sealer
        self._policy = Policy(algorithm, rotation_period, jwks_max_age, access_lifetime)
        self._revocations = revocations
        self._audit = audit
        self._repository = SigningKeyRepository()

    async def ensure(self) -> None:
        """See that there are an active and a next key, under the newest secret, and load the ring.

        Raises:
            KeysSealedError: a live key opens under none of the secrets; nothing was changed.
        """
        await self._change(lambda keys, now: lifecycle.plan(keys, now, self._policy))

    async def rotate(self, now_: bool, *, origin: Origin = LOCAL) -> None:
        """Have the next key sign as soon as every verifier has it (twice the JWKS max-age), or `now_`."""

        async def note(db: Transaction) -> None:
            db.after_commit(lambda: self._audit.record(Event.KEY_ROTATED, origin=origin))

        await self._change(
            lambda keys, now: lifecycle.plan_rotation(keys, now, self._policy, at_once=now_), beside=note
        )

    async def revoke(self, kid: str, *, origin: Origin = LOCAL) -> None:
        """Take a key out for ever: every token it signed is refused. If it was active, the next one signs at once.

        Works on keys that can no longer be opened, too: so a service whose secret was lost comes back.

        Raises:
            UnknownKeyError: there is no such key.
        """

        def decide(keys: tuple[KeyTimes, ...], now: datetime) -> tuple[KeyTimes, ...]:
            if kid not in {key.kid for key in keys}:
                raise UnknownKeyError
            return lifecycle.plan_revocation(keys, kid, now, self._policy)

        async def revoke_its_tokens(db: Transaction) -> None:
            await self._revocations.revoke_key(db, kid, reason="key_revoked")
            db.after_commit(lambda: self._keyring.drop(kid))
            db.after_commit(lambda: self._audit.record(Event.KEY_REVOKED, origin=origin, reason=kid))

        await self._change(decide, beside=revoke_its_tokens, need_all_opened=False)

    async def prune(self) -> int:
        """Delete keys that have been gone for a month; how many. What revoked one of them stays for ever."""
        async with self._database.transaction() as db:
            await self._repository.lock(db)
            return await self._repository.prune(db, gone_before=db.now - _SHOWN_AFTER_GONE)

    async def list_keys(self) -> list[KeyView]:
        """Every key there is or was, in the order in which they sign."""
        async with self._database.statement() as db:
            stored = await self._repository.list_all(db)
            now = db.now
        keys = tuple(key.times for key in stored)
        return [
            KeyView(
                kid=key.kid,
                algorithm=key.algorithm,
                state=lifecycle.state_of(key, keys, now),
                created_at=key.created_at,
                published_at=key.published_at,
                activates_at=key.activates_at,
                retires_at=key.retires_at,
                gone_at=key.gone_at,
                revoked_at=key.revoked_at,
            )
            for key in keys
        ]

    async def _change(self, decide: _Decision, *, beside: _Effect | None = None, need_all_opened: bool = True) -> None:
        """Decide and write in one transaction under the lock, then load the ring.

        Keys are made outside of it (RSA takes long): when some turn out to be needed, nothing has been written yet, and
        all is decided again once they are there.
        """
        made: list[PrivateKey] = []
        while True:
            async with self._database.transaction() as db:
                await self._repository.lock(db)
                stored = await self._repository.list_all(db)
                unopened = await self._reseal(db, stored)
                if unopened and need_all_opened:
                    raise KeysSealedError(unopened)
                target = decide(tuple(key.times for key in stored), db.now)
                known = {key.times.kid for key in stored}
                missing = [key for key in target if key.kid not in known]
                if len(missing) <= len(made):
                    await self._write(db, stored, target, made)
                    if beside is not None:
                        await beside(db)
                    break
            made += [await asyncio.to_thread(jwk.generate, key.algorithm) for key in missing[len(made) :]]
        try:
            await self._keyring.load()
        except KeysSealedError:
            if need_all_opened:
                raise

    async def _reseal(self, db: Transaction, stored: list[StoredKey]) -> tuple[str, ...]:
        """Seal live keys under the first secret where they are not; the `kid`s of those that cannot be opened."""
        unopened = []
        for key in live_keys(stored, db.now):
            kid = key.times.kid
            binding = kid.encode()
            try:
                if self._sealer.outdated(key.sealed_key, bound_to=binding):
                    material = self._sealer.open(key.sealed_key, bound_to=binding)
                    await self._repository.reseal(db, kid, self._sealer.seal(material, bound_to=binding))
            except CannotOpenError:
                unopened.append(kid)
        return tuple(unopened)

    async def _write(
        self, db: Transaction, stored: list[StoredKey], target: tuple[KeyTimes, ...], made: list[PrivateKey]
    ) -> None:
        """Bring the rows from what is stored to what was decided; each new key takes one that was made."""
        before = {key.times.kid: key.times for key in stored}
        for kid in before.keys() - {key.kid for key in target}:
            await self._repository.withdraw(db, kid)
        spare = iter(made)
        for key in target:
            if key.kid not in before:
                await self._repository.add(db, self._sealed(next(spare), key))
            elif before[key.kid] != key:
                await self._repository.move(db, key)

    def _sealed(self, key: PrivateKey, times: KeyTimes) -> StoredKey:
        public = jwk.public_part(key)
        kid = jwk.thumbprint(public, times.algorithm)
        return StoredKey(
            times=replace(times, kid=kid),
            sealed_key=self._sealer.seal(jwk.to_bytes(key), bound_to=kid.encode()),
            public_jwk=jwk.public_jwk(public, kid=kid, algorithm=times.algorithm),
        )
