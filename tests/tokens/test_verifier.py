from datetime import timedelta
from typing import Any

import pytest

from app.domain.revocation.errors import StaleRevocationsError
from app.domain.tokens.errors import InvalidTokenError, TokenExpiredError
from tests.keys.support import MINUTE, SECOND, T0, ring_key, times_of
from tests.tokens.support import SESSION, USER, Scene, claims_of, refused


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_good_token_says_who_asks(scene: Scene) -> None:
    token = scene.issue().text

    assert await scene.verifier.verify(token) == claims_of(token)


async def test_a_token_lives_until_the_second_of_its_exp_and_not_into_it(scene: Scene) -> None:
    issued = scene.issue()

    scene.clock.moment = issued.expires_at - timedelta(microseconds=1)
    await scene.verifier.verify(issued.text)
    scene.clock.moment = issued.expires_at

    with pytest.raises(TokenExpiredError, match=r"^Signature expired\. Please log in again\.$"):
        await scene.verifier.verify(issued.text)


async def test_a_token_never_seen_before_expires_too(scene: Scene) -> None:
    issued = scene.issue()
    scene.clock.moment = issued.expires_at

    with pytest.raises(TokenExpiredError):
        await scene.verifier.verify(issued.text)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_another_workers_clock_may_be_thirty_seconds_ahead_and_no_more(scene: Scene, claim: str) -> None:
    soon = int(T0.timestamp()) + 30

    await scene.verifier.verify(scene.signed(scene.payload(**{claim: soon})))

    answer = await refused(scene, scene.signed(scene.payload(**{claim: soon + 1})))
    assert answer.reason == "not_yet_valid"


async def test_a_refusal_says_the_same_to_the_caller_whatever_the_reason(scene: Scene) -> None:
    forged, foreign = await refused(scene, "x"), await refused(scene, scene.signed({}, kid="nobody's"))

    assert forged.detail == foreign.detail == "Invalid token. Please log in again."
    assert (forged.reason, foreign.reason) == ("malformed", "unknown_key")


@pytest.mark.parametrize("subject", [SESSION, USER, ("epoch", 7)])
async def test_a_revoked_token_is_invalid_at_its_next_use(scene: Scene, subject: object) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)

    scene.revocations.refused.add(subject)

    assert (await refused(scene, token)).reason == "revoked"


async def test_a_token_may_be_revoked_by_its_id_or_its_key(scene: Scene) -> None:
    issued, other = scene.issue(), scene.issue()
    await scene.verifier.verify(issued.text)

    scene.revocations.refused.add(issued.token_id)
    await refused(scene, issued.text)
    await scene.verifier.verify(other.text)
    scene.revocations.refused.add(scene.key.kid)

    assert (await refused(scene, other.text)).reason == "revoked"


async def test_a_revoked_token_that_has_expired_too_is_invalid(scene: Scene) -> None:
    issued = scene.issue()
    scene.revocations.refused.add(SESSION)
    scene.clock.moment = issued.expires_at

    await refused(scene, issued.text)


async def test_a_forged_token_that_has_expired_too_is_invalid(scene: Scene) -> None:
    issued = scene.issue()
    scene.clock.moment = issued.expires_at
    header, _, signature = issued.text.split(".")

    forged = scene.signed(scene.payload(exp=1)).split(".")[1]

    assert (await refused(scene, f"{header}.{forged}.{signature}")).reason == "signature"


async def test_no_token_is_accepted_while_revocations_are_stale(scene: Scene) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)
    scene.revocations.failure = StaleRevocationsError()

    with pytest.raises(StaleRevocationsError):
        await scene.verifier.verify(token)


async def test_forgeries_do_not_wait_for_fresh_revocations(scene: Scene) -> None:
    scene.revocations.failure = StaleRevocationsError()

    await refused(scene, scene.issue().text[:-8] + "AAAAAAAA")

    assert scene.revocations.waits == 0


async def test_a_remembered_token_is_not_verified_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    token, unseen = scene.issue().text, scene.issue().text
    await scene.verifier.verify(token)

    monkeypatch.setattr("app.crypto.jws.verify", lambda *_args, **_named: False)

    await scene.verifier.verify(token)
    await refused(scene, unseen)


async def test_a_remembered_token_is_refused_when_its_key_leaves_the_ring(scene: Scene) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)

    scene.ring.drop(scene.key.kid)

    assert (await refused(scene, token)).reason == "unknown_key"


async def test_a_remembered_token_is_refused_when_another_key_takes_the_kid(scene: Scene) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)

    scene.ring.add("ES256", kid=scene.key.kid)

    assert (await refused(scene, token)).reason == "signature"


async def test_a_token_is_refused_when_its_key_is_gone(scene: Scene) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)

    successor = scene.ring.add("ES256")
    scene.ring.put(successor, times_of(successor, activates_at=T0 + SECOND))
    scene.ring.put(scene.key, times_of(scene.key, activates_at=T0, gone_at=T0 + MINUTE))
    scene.clock.move(MINUTE)

    assert (await refused(scene, token)).reason == "unknown_key"


async def test_only_valid_tokens_are_remembered_and_only_so_many() -> None:
    scene = Scene(cache_size=3)
    issued = [scene.issue().text for _ in range(5)]
    for token in issued:
        await scene.verifier.verify(token)
    await refused(scene, scene.signed(scene.payload(aud="other")))

    assert [scene.verifier.verify_now(token) is not None for token in issued] == [False, False, True, True, True]
    assert len(scene.verifier._remembered) == 3


async def test_the_latest_used_tokens_are_kept() -> None:
    scene = Scene(cache_size=2)
    first, second, third = (scene.issue().text for _ in range(3))

    for token in (first, second, first, third):
        await scene.verifier.verify(token)

    assert scene.verifier.verify_now(first) is not None
    assert scene.verifier.verify_now(second) is None


async def test_the_way_without_waiting_judges_as_strictly(scene: Scene) -> None:
    issued = scene.issue()
    assert scene.verifier.verify_now(issued.text) is None  # not remembered yet
    await scene.verifier.verify(issued.text)
    assert scene.verifier.verify_now(issued.text) == claims_of(issued.text)

    scene.revocations.is_fresh = False
    assert scene.verifier.verify_now(issued.text) is None
    scene.revocations.is_fresh = True
    scene.revocations.refused.add(SESSION)
    with pytest.raises(InvalidTokenError):
        scene.verifier.verify_now(issued.text)
    scene.revocations.refused.clear()
    scene.clock.moment = issued.expires_at
    with pytest.raises(TokenExpiredError):
        scene.verifier.verify_now(issued.text)


async def test_what_one_verifier_accepts_another_for_other_names_refuses(scene: Scene) -> None:
    token = scene.issue().text
    await scene.verifier.verify(token)

    for names in ({"issuer": "https://other.example"}, {"audience": "other"}):
        changed: dict[str, Any] = dict(names)
        with pytest.raises(InvalidTokenError):
            await scene.another_verifier(**changed).verify(token)


async def test_a_key_this_worker_has_missed_is_fetched(scene: Scene) -> None:
    missed = ring_key("EdDSA")
    scene.ring.arriving.append((missed, times_of(missed, activates_at=T0)))

    await scene.verifier.verify(scene.signed(scene.payload(), key=missed))

    assert scene.ring.loads == 1
