import asyncio

import pytest

from app.domain.keys.errors import NoSigningKeyError
from app.domain.keys.jwks import jwks_document
from app.domain.keys.keyring import RELOAD_PAUSE
from tests.keys.support import DAY, MINUTE, SECOND, T0, MemoryRing, StoppedClock, ring_key, times_of


def test_an_empty_ring_cannot_sign() -> None:
    with pytest.raises(NoSigningKeyError):
        MemoryRing(StoppedClock()).active(T0)


def test_dropping_the_active_key_lets_the_next_sign_though_its_time_has_not_come() -> None:
    ring = MemoryRing(StoppedClock())
    active, following = ring_key("ES256"), ring_key("ES256")
    ring.put(active, times_of(active, activates_at=T0))
    ring.put(following, times_of(following, activates_at=T0 + DAY))

    ring.drop(active.kid)

    assert ring.active(T0) is following
    assert ring.find(active.kid, T0) is None


def test_a_key_is_found_until_it_is_gone() -> None:
    ring = MemoryRing(StoppedClock())
    old, new = ring_key("ES256"), ring_key("ES256")
    ring.put(old, times_of(old, activates_at=T0, gone_at=T0 + DAY + MINUTE))
    ring.put(new, times_of(new, activates_at=T0 + DAY))

    assert ring.find(old.kid, T0 + DAY + MINUTE - SECOND) is old
    assert ring.find(old.kid, T0 + DAY + MINUTE) is None
    assert ring.published(T0 + DAY + MINUTE) == (new,)


async def test_unknown_kids_cause_one_reload_in_a_while_however_many_come() -> None:
    clock = StoppedClock()
    ring = MemoryRing(clock)

    await asyncio.gather(*(ring.reload_for_unknown_kid(f"made up {n}") for n in range(100)))
    assert ring.loads == 1

    clock.move(RELOAD_PAUSE * SECOND)
    await ring.reload_for_unknown_kid("made up")
    assert ring.loads == 2


async def test_known_kids_cause_no_reload() -> None:
    ring = MemoryRing(StoppedClock())
    key = ring.add("ES256")

    await ring.reload_for_unknown_kid(key.kid)

    assert ring.loads == 0


def test_keys_do_not_show_their_secrets_when_they_are_printed() -> None:
    key = ring_key("HS256", key=b"x" * 32)

    assert "xxxx" not in repr(key)


def test_the_key_set_changes_its_tag_with_its_keys_only() -> None:
    ring = MemoryRing(StoppedClock())
    ring.add("ES256")
    before = jwks_document(ring.published(T0))

    ring.add("EdDSA")

    assert jwks_document(ring.published(T0)).etag != before.etag
    assert jwks_document(ring.published(T0)) == jwks_document(ring.published(T0))
    assert before.etag.startswith('"')
    assert before.etag.endswith('"')


def test_shared_secrets_are_never_published() -> None:
    ring = MemoryRing(StoppedClock())
    ring.add("HS256")

    assert jwks_document(ring.published(T0)).body == b'{"keys":[]}'
