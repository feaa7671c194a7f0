"""Our own hashes: whole, in NFC, never trimmed, folded or cut."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import argon2.low_level
import pytest

from app.crypto.passwords import PasswordHasher, Verdict

CHEAP = "$argon2id$v=19$m=64,t=1,p=1$"
COMPOSED = "caf\u00e9 au lait"
DECOMPOSED = "cafe\u0301 au lait"


@contextmanager
def computed_hashes() -> Iterator[list[str]]:
    """The parameters of every Argon2 hash that is computed to verify something."""
    seen: list[str] = []
    original = argon2.low_level.verify_secret

    def verify_secret(encoded: bytes, secret: bytes, kind: argon2.low_level.Type) -> bool:
        seen.append(encoded.decode().rpartition("$")[0].rpartition("$")[0])
        return original(encoded, secret, kind)

    with patch.object(argon2.low_level, "verify_secret", verify_secret):
        yield seen


async def test_the_password_is_right_and_another_is_not(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")

    right, wrong = await hasher.verify("correct horse", stored), await hasher.verify("correct house", stored)

    assert stored.startswith(CHEAP)
    assert (right, wrong) == (Verdict(ok=True, upgraded=None), Verdict(ok=False, upgraded=None))


async def test_two_hashes_of_one_password_have_different_salts(hasher: PasswordHasher) -> None:
    assert await hasher.hash("correct horse") != await hasher.hash("correct horse")


@pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
async def test_an_accented_letter_is_one_letter_however_it_is_typed(
    hasher: PasswordHasher, chosen: str, typed: str
) -> None:
    verdict = await hasher.verify(typed, await hasher.hash(chosen))

    assert verdict.ok


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ("trailing ", "trailing"),
        (" leading", "leading"),
        ("tab\t", "tab"),
        ("nul\x00", "nul"),
        ("nul\x00tail", "nul\x00tale"),
        ("Case", "case"),
        ("wide \uff41", "wide a"),
        ("x" * 72 + "y", "x" * 72 + "z"),
        ("x" * 72 + "y", "x" * 72),
        ("x" * 99 + "y", "x" * 99 + "z"),
        ("x" * 1023 + "y", "x" * 1023 + "z"),
    ],
    ids=lambda text: ascii(text)[-20:],
)
async def test_every_character_counts(hasher: PasswordHasher, chosen: str, typed: str) -> None:
    stored = await hasher.hash(chosen)

    right, wrong = await hasher.verify(chosen, stored), await hasher.verify(typed, stored)

    assert (right.ok, wrong.ok) == (True, False)


@pytest.mark.parametrize(
    "password",
    ["x", "x" * 1024, "\u20ac" * 341, "e\u0301" * 512, "\U0001d160" * 85],
    ids=["one letter", "1024 letters", "1023 bytes of euro signs", "1024 bytes after NFC", "grows in NFC"],
)
async def test_1_to_1024_bytes_in_nfc_are_accepted(hasher: PasswordHasher, password: str) -> None:
    verdict = await hasher.verify(password, await hasher.hash(password))

    assert verdict.ok


IMPOSSIBLE = {
    "empty": "",
    "1025 letters": "x" * 1025,
    "1026 bytes of euro signs": "\u20ac" * 342,
    "1026 bytes of accented letters": "\u00e9" * 513,
    "64 KiB": "x" * 65536,
    "32,768 accents": "e" + "\u0301\u0323" * 16384,
    "a lone surrogate": "lone \ud800 surrogate",
}


@pytest.mark.parametrize("password", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_a_password_that_cannot_be_is_wrong_at_the_same_cost(hasher: PasswordHasher, password: str) -> None:
    stored = await hasher.hash("correct horse")

    with computed_hashes() as computed:
        verdict = await hasher.verify(password, stored)

    assert (verdict, computed) == (Verdict(ok=False), [CHEAP.rstrip("$")])


@pytest.mark.parametrize("password", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_a_password_that_cannot_be_is_never_hashed(hasher: PasswordHasher, password: str) -> None:
    outcome = (await asyncio.gather(hasher.hash(password), return_exceptions=True))[0]

    assert isinstance(outcome, ValueError)


@pytest.mark.parametrize("password", ["correct horse", DECOMPOSED])
async def test_an_unknown_user_costs_what_a_known_one_costs(hasher: PasswordHasher, password: str) -> None:
    stored = await hasher.hash("something else")

    with computed_hashes() as for_known:
        await hasher.verify(password, stored)
    with computed_hashes() as for_unknown:
        verdict = await hasher.verify(password, None)

    assert verdict == Verdict(ok=False)
    assert for_known
    assert for_unknown == for_known


async def test_a_hash_of_other_parameters_is_upgraded_when_the_password_is_right(hasher: PasswordHasher) -> None:
    dearer = PasswordHasher(memory_kib=128, time_cost=2, concurrency=1, queue=0, slots=None)
    stored = await hasher.hash("correct horse")

    right, wrong = await dearer.verify("correct horse", stored), await dearer.verify("wrong", stored)
    dearer.close()

    assert right.upgraded is not None
    assert right.upgraded.startswith("$argon2id$v=19$m=128,t=2,p=1$")
    assert wrong == Verdict(ok=False, upgraded=None)


async def test_an_upgraded_hash_is_of_the_same_password_and_needs_no_other(hasher: PasswordHasher) -> None:
    cheaper = PasswordHasher(memory_kib=32, time_cost=1, concurrency=1, queue=0, slots=None)
    verdict = await hasher.verify("correct horse", await cheaper.hash("correct horse"))
    cheaper.close()

    again = await hasher.verify("correct horse", verdict.upgraded)

    assert again == Verdict(ok=True, upgraded=None)
