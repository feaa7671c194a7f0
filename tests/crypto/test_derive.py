import pytest

from app.crypto.derive import MasterSecrets

OLD, NEW = b"o" * 32, b"n" * 32


def test_each_secret_gives_a_key_of_its_own_in_their_order() -> None:
    keys = MasterSecrets((NEW, OLD)).derive("signet/refresh-token")

    assert [len(key) for key in keys] == [32, 32]
    assert keys == (
        *MasterSecrets((NEW,)).derive("signet/refresh-token"),
        *MasterSecrets((OLD,)).derive("signet/refresh-token"),
    )
    assert keys[0] != keys[1]


def test_each_label_gives_another_key() -> None:
    secrets = MasterSecrets((NEW,))

    assert secrets.derive("one") != secrets.derive("two")


def test_derivation_is_hkdf_sha256_as_rfc_5869_computes_it_without_salt() -> None:
    # RFC 5869 appendix A.3: IKM 22 x 0x0b, no salt, no info; the first 32 octets of OKM.
    (key,) = MasterSecrets((b"\x0b" * 22,)).derive("")

    assert key.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_a_fingerprint_is_one_byte_and_stays_the_same() -> None:
    secrets = MasterSecrets((NEW, OLD))

    assert secrets.fingerprints == MasterSecrets((NEW, OLD)).fingerprints
    assert len(secrets.fingerprints) == 2
    assert all(0 <= fingerprint <= 255 for fingerprint in secrets.fingerprints)


@pytest.mark.parametrize("secrets", [(), (b"",), (NEW, b"")])
def test_no_secret_or_an_empty_one_is_refused(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="master secret"):
        MasterSecrets(secrets)


def test_secrets_do_not_show_when_they_are_printed() -> None:
    assert "nnnn" not in repr(MasterSecrets((NEW,)))
