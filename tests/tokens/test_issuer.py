import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app.crypto import jws
from app.domain.keys.errors import NoSigningKeyError
from app.domain.keys.jwks import jwks_document
from tests.keys.support import DAY, MINUTE, SECOND, T0, ring_key, times_of
from tests.tokens.support import AUDIENCE, ISSUER, SESSION, USER, Scene, claims_of

ASYMMETRIC = ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]


@pytest.mark.parametrize("algorithm", [*ASYMMETRIC, "HS256", "HS384", "HS512"])
async def test_every_algorithm_issues_what_our_verifier_accepts(algorithm: str) -> None:
    scene = Scene(algorithm)

    claims = await scene.verifier.verify(scene.issue().text)

    assert (claims.subject, claims.session_id, claims.username) == (USER, SESSION, "ada")


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # EdDSA and RS256 are the operator's choice
def test_another_library_verifies_our_tokens_from_our_published_keys(algorithm: str) -> None:
    scene = Scene(algorithm)
    following = ring_key("EdDSA")
    scene.ring.put(following, times_of(following, activates_at=T0 + DAY))
    published = KeySet.import_key_set(json.loads(jwks_document(scene.ring.published(T0)).body))

    token = jwt.decode(scene.issue().text, published, algorithms=[algorithm])

    assert token.header == {"alg": algorithm, "kid": scene.ring.active(T0).kid, "typ": "at+jwt"}
    assert token.claims["sub"] == str(USER)


def test_a_token_says_what_rfc_9068_asks_and_what_revocation_needs() -> None:
    scene = Scene()

    issued = scene.issue()

    payload = dict(jws.parse(issued.text, typ="at+jwt").payload)
    assert payload.pop("exp") == int(issued.expires_at.timestamp())
    assert payload.pop("jti") == issued.token_id
    assert payload == {
        "iss": ISSUER,
        "sub": str(USER),
        "aud": AUDIENCE,
        "client_id": "first-party",
        "iat": int(T0.timestamp()),
        "nbf": int(T0.timestamp()),
        "sid": str(SESSION),
        "epoch": 7,
        "scope": "account",
        "roles": ["admin", "editor"],
        "preferred_username": "ada",
        "auth_time": int(T0.timestamp()) - 3601,
        "amr": ["pwd"],
    }


def test_lifetimes_are_spread_by_up_to_five_percent_downwards() -> None:
    scene = Scene()

    lifetimes = {(scene.issue().expires_at - T0).total_seconds() for _ in range(300)}

    assert min(lifetimes) >= 569
    assert max(lifetimes) <= 600
    assert len(lifetimes) > 15


def test_a_token_never_outlives_its_bound() -> None:
    scene = Scene()

    issued = scene.issue(not_after=T0 + timedelta(seconds=90, milliseconds=900))

    assert issued.expires_at == T0 + 90 * SECOND
    assert claims_of(issued.text).expires_at == issued.expires_at


def test_moments_are_cut_and_never_rounded_up() -> None:
    scene = Scene()
    scene.clock.move(timedelta(milliseconds=999))

    claims = claims_of(scene.issue().text)

    assert claims.issued_at == claims.not_before == T0
    assert claims.expires_at <= scene.clock.now() + 10 * MINUTE


def test_each_token_has_an_id_of_its_own() -> None:
    scene = Scene()

    assert len({scene.issue().token_id for _ in range(200)}) == 200


def test_the_key_that_is_active_at_the_moment_signs() -> None:
    scene = Scene()
    later = ring_key("EdDSA")
    scene.ring.put(later, times_of(later, activates_at=T0 + DAY))

    before = jws.parse(scene.issue().text, typ="at+jwt").kid
    scene.clock.move(DAY)
    after = jws.parse(scene.issue().text, typ="at+jwt").kid

    assert (before, after) == (scene.key.kid, later.kid)


def test_without_a_key_nothing_is_issued() -> None:
    scene = Scene()
    scene.ring.drop(scene.key.kid)

    with pytest.raises(NoSigningKeyError):
        scene.issue()
