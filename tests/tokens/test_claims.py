from dataclasses import replace
from typing import Any

import pytest

from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError
from tests.tokens.support import Scene, claims_of

GOOD = claims_of(Scene().issue().text)

NUMBERS: list[Any] = [..., None, "1893456000", 1893456000.0, 1e400, float("nan"), True, -1, 2**64, 10**400, [1], {}]
TEXTS: list[Any] = [..., None, "", 1, True, ["x"], {"x": 1}]
IDS: list[Any] = [*TEXTS, "x", "01900000000070008000000000000001", "{01900000-0000-7000-8000-000000000001}", " " * 36]
LISTS: list[Any] = [..., None, "admin", [1], [None], [""], [["admin"]], {"admin": 1}]
WRONG = {
    **dict.fromkeys(("iat", "nbf", "exp", "epoch", "auth_time"), NUMBERS),
    **dict.fromkeys(("iss", "aud", "client_id", "jti", "preferred_username"), TEXTS),
    **dict.fromkeys(("sub", "sid"), IDS),
    **dict.fromkeys(("roles", "amr"), LISTS),
    "scope": [..., None, 1, ["account"], " account", "a  b", "a\tb", "a "],
}


def test_what_is_written_is_read_back() -> None:
    assert AccessClaims.from_payload(GOOD.to_payload()) == GOOD


def test_no_scope_and_no_roles_are_read_back_as_none() -> None:
    bare = replace(GOOD, scope=(), roles=())

    assert AccessClaims.from_payload(bare.to_payload()) == bare


def test_claims_of_a_later_version_are_ignored() -> None:
    assert AccessClaims.from_payload(GOOD.to_payload() | {"cnf": {"jkt": "x"}}) == GOOD


def test_every_claim_is_in_the_table_of_wrong_ones() -> None:
    assert WRONG.keys() == GOOD.to_payload().keys()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_claim_that_is_missing_or_of_another_type_is_refused(name: str, value: Any) -> None:
    payload = {key: kept for key, kept in (GOOD.to_payload() | {name: value}).items() if kept is not ...}

    with pytest.raises(InvalidTokenError):
        AccessClaims.from_payload(payload)
