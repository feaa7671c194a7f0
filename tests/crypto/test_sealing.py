import pytest

from app.crypto.derive import MasterSecrets
from app.crypto.sealing import CannotOpenError, Sealer

OLD, NEW = b"o" * 32, b"n" * 32
BEFORE = Sealer(MasterSecrets((OLD,)), "test")
TURNED = Sealer(MasterSecrets((NEW, OLD)), "test")
AFTER = Sealer(MasterSecrets((NEW,)), "test")


def test_what_was_sealed_opens_with_the_same_binding() -> None:
    sealed = AFTER.seal(b"a private key", bound_to=b"kid")

    assert AFTER.open(sealed, bound_to=b"kid") == b"a private key"
    assert b"private" not in sealed


def test_sealing_twice_never_gives_the_same_text() -> None:
    sealed = {AFTER.seal(b"same", bound_to=b"") for _ in range(1000)}

    assert len({text[1:13] for text in sealed}) == 1000


def test_every_changed_bit_is_refused() -> None:
    sealed = AFTER.seal(b"key", bound_to=b"kid")

    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(CannotOpenError):
            AFTER.open(bytes(changed), bound_to=b"kid")


def test_every_cut_text_is_refused() -> None:
    sealed = AFTER.seal(b"key", bound_to=b"kid")

    for length in range(len(sealed)):
        with pytest.raises(CannotOpenError):
            AFTER.open(sealed[:length], bound_to=b"kid")


def test_another_binding_is_refused() -> None:
    sealed = AFTER.seal(b"key", bound_to=b"kid")

    with pytest.raises(CannotOpenError):
        AFTER.open(sealed, bound_to=b"other")


def test_another_purpose_is_refused() -> None:
    sealed = AFTER.seal(b"key", bound_to=b"kid")

    with pytest.raises(CannotOpenError):
        Sealer(MasterSecrets((NEW,)), "another").open(sealed, bound_to=b"kid")


def test_a_previous_secret_still_opens_and_is_known_as_outdated() -> None:
    sealed = BEFORE.seal(b"key", bound_to=b"kid")

    assert TURNED.open(sealed, bound_to=b"kid") == b"key"
    assert TURNED.outdated(sealed, bound_to=b"kid")


def test_new_things_are_sealed_under_the_first_secret() -> None:
    sealed = TURNED.seal(b"key", bound_to=b"kid")

    assert AFTER.open(sealed, bound_to=b"kid") == b"key"
    assert not TURNED.outdated(sealed, bound_to=b"kid")


def test_a_dropped_secret_opens_nothing_and_is_not_merely_outdated() -> None:
    sealed = BEFORE.seal(b"key", bound_to=b"kid")

    with pytest.raises(CannotOpenError):
        AFTER.open(sealed, bound_to=b"kid")
    with pytest.raises(CannotOpenError):
        AFTER.outdated(sealed, bound_to=b"kid")
