"""The form of refresh tokens: what we made is recognised, and nothing else."""

import base64
import hashlib
import hmac
import string
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.derive import MasterSecrets
from app.domain.sessions.refresh_token import MAX_GENERATION, PresentedToken, RefreshTokens
from tests.sessions.support import KEY, is_refused
from tests.support.service import Service
from tests.support.statements import statements_of

FIRST, SECOND = b"first" * 10, b"second" * 10
SESSION = UUID("01900000-0000-7000-8000-00000000002a")
TOKENS = RefreshTokens(MasterSecrets((FIRST,)))
TOKEN = TOKENS.make(SESSION, 7)
BODY = TOKEN.removeprefix("sgr_")
ALPHABET = string.ascii_letters + string.digits + "-_"


def encoded(raw: bytes) -> str:
    return "sgr_" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def fingerprint(secret: bytes) -> int:
    return MasterSecrets((secret,)).fingerprints[0]


def sharing_a_fingerprint(*, how_many: int) -> list[bytes]:
    """So many secrets that the one byte in the token cannot tell apart."""
    found: dict[int, list[bytes]] = {}
    for number in count():
        secret = f"a secret of the tests, number {number}".encode()
        same = found.setdefault(fingerprint(secret), [])
        same.append(secret)
        if len(same) == how_many:
            return same
    raise AssertionError


def test_a_token_is_version_key_id_session_generation_and_tag() -> None:
    raw = base64.urlsafe_b64decode(BODY)

    key = MasterSecrets((FIRST,)).derive("signet/refresh-token")[0]
    assert raw[0] == 1
    assert raw[1] == fingerprint(FIRST)
    assert raw[2:18] == SESSION.bytes
    assert int.from_bytes(raw[18:22], "big") == 7
    assert raw[22:] == hmac.new(key, raw[:22], hashlib.sha256).digest()


@given(st.uuids(), st.integers(0, MAX_GENERATION))
def test_what_was_made_is_recognised(session_id: UUID, generation: int) -> None:
    token = TOKENS.make(session_id, generation)

    assert TOKENS.parse(token) == PresentedToken(session_id, generation)
    assert token == TOKENS.make(session_id, generation)


def test_a_token_with_any_bit_flipped_is_refused() -> None:
    raw = base64.urlsafe_b64decode(BODY)

    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert TOKENS.parse(encoded(bytes(flipped))) is None, bit


def test_a_token_with_any_character_replaced_is_refused() -> None:
    for place, character in enumerate(BODY):
        for other in ALPHABET.replace(character, ""):
            assert TOKENS.parse(f"sgr_{BODY[:place]}{other}{BODY[place + 1 :]}") is None, (place, other)


def test_a_truncated_token_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert TOKENS.parse(TOKEN[:length]) is None, length
        assert TOKENS.parse(TOKEN[len(TOKEN) - length :]) is None, length


@pytest.mark.parametrize(
    "more", ["A", "AAAA", "=", "====", "\n", " ", "\0", ".", "%3D", TOKEN, "\N{COMBINING ACUTE ACCENT}"]
)
def test_a_token_with_something_appended_or_before_it_is_refused(more: str) -> None:
    assert TOKENS.parse(TOKEN + more) is None
    assert TOKENS.parse(more + TOKEN) is None


@pytest.mark.parametrize("changed", [TOKEN.upper(), TOKEN.lower(), TOKEN.swapcase(), "SGR_" + BODY, "Sgr_" + BODY])
def test_case_matters(changed: str) -> None:
    assert TOKENS.parse(changed) is None


@pytest.mark.parametrize("prefix", ["", "sgr", "sgr-", "sgr__", "sga_", "sgr_sgr_", "Bearer sgr_", "_sgr"])
def test_a_wrong_prefix_is_refused(prefix: str) -> None:
    assert TOKENS.parse(prefix + BODY) is None


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_properly_signed_token_of_another_version_is_refused(version: int) -> None:
    head = bytes([version]) + base64.urlsafe_b64decode(BODY)[1:22]
    key = MasterSecrets((FIRST,)).derive("signet/refresh-token")[0]

    assert TOKENS.parse(encoded(head + hmac.new(key, head, hashlib.sha256).digest())) is None


def test_a_key_made_for_another_purpose_signs_no_refresh_token() -> None:
    head = base64.urlsafe_b64decode(BODY)[:22]
    key = MasterSecrets((FIRST,)).derive("signet/cursors")[0]

    assert TOKENS.parse(encoded(head + hmac.new(key, head, hashlib.sha256).digest())) is None


def test_tokens_of_a_previous_secret_are_accepted_and_new_ones_are_made_under_the_first() -> None:
    after_rotation = RefreshTokens(MasterSecrets((SECOND, FIRST)))

    assert after_rotation.parse(TOKEN) == PresentedToken(SESSION, 7)
    assert RefreshTokens(MasterSecrets((SECOND,))).parse(after_rotation.make(SESSION, 8)) is not None
    assert TOKENS.parse(after_rotation.make(SESSION, 8)) is None


def test_a_token_of_an_unknown_secret_is_refused() -> None:
    assert RefreshTokens(MasterSecrets((SECOND,))).parse(TOKEN) is None


def test_every_secret_that_shares_the_fingerprint_is_tried() -> None:
    one, two = sharing_a_fingerprint(how_many=2)
    both = RefreshTokens(MasterSecrets((one, two)))

    assert both.parse(RefreshTokens(MasterSecrets((one,))).make(SESSION, 1)) == PresentedToken(SESSION, 1)
    assert both.parse(RefreshTokens(MasterSecrets((two,))).make(SESSION, 2)) == PresentedToken(SESSION, 2)


def test_an_unknown_secret_that_shares_the_fingerprint_is_refused() -> None:
    known, unknown = sharing_a_fingerprint(how_many=2)

    assert (
        RefreshTokens(MasterSecrets((known,))).parse(RefreshTokens(MasterSecrets((unknown,))).make(SESSION, 1)) is None
    )


def test_a_genuine_tag_under_the_key_id_of_another_secret_is_refused() -> None:
    raw = bytearray(base64.urlsafe_b64decode(BODY))
    raw[1] = fingerprint(SECOND)

    assert RefreshTokens(MasterSecrets((FIRST, SECOND))).parse(encoded(bytes(raw))) is None


async def test_no_query_is_made_for_a_forged_token(service: Service) -> None:
    await service.register()
    token = (await service.login())["refresh_token"]
    last = "A" if token[-1] != "A" else "B"

    with statements_of(service) as sent:
        answers = [
            await service.refresh(forged, KEY)
            for forged in (token[:-1], token[:-1] + last, token.upper(), TOKEN, "", "é")
        ]
        logout = await service.client.post("/api/v1/auth/logout", json={"refresh_token": token[:-1] + last})

    assert all(is_refused(answer) for answer in answers)
    assert logout.status_code == 204
    assert sent == []
