from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.keys import lifecycle
from app.domain.keys.lifecycle import KeyTimes, Policy, State

T0 = datetime(2030, 1, 1, tzinfo=UTC)
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
POLICY = Policy("ES256", rotation_period=90 * DAY, jwks_max_age=10 * MINUTE, access_lifetime=10 * MINUTE)
LEAD, TAIL = 20 * MINUTE, 12 * MINUTE
RS256 = Policy("RS256", rotation_period=90 * DAY, jwks_max_age=10 * MINUTE, access_lifetime=10 * MINUTE)


def first_pair() -> tuple[KeyTimes, KeyTimes]:
    active, following = lifecycle.plan((), T0, POLICY)
    return replace(active, kid="first"), replace(following, kid="second")


def states(keys: tuple[KeyTimes, ...], now: datetime) -> dict[str, State]:
    return {key.kid: lifecycle.state_of(key, keys, now) for key in keys}


def named(keys: tuple[KeyTimes, ...], kid: str) -> KeyTimes:
    return next(key for key in keys if key.kid == kid)


def test_an_empty_table_gets_an_active_key_at_once_and_a_next() -> None:
    active, following = first_pair()

    assert active.activates_at == T0
    assert active.retires_at == following.activates_at == T0 + 90 * DAY
    assert active.gone_at == T0 + 90 * DAY + TAIL
    assert following.published_at == T0
    assert following.retires_at is None


@pytest.mark.parametrize(
    ("after", "first", "second"),
    [
        (timedelta(0), State.ACTIVE, State.NEXT),
        (90 * DAY - SECOND, State.ACTIVE, State.NEXT),
        (90 * DAY, State.RETIRING, State.ACTIVE),
        (90 * DAY + TAIL - SECOND, State.RETIRING, State.ACTIVE),
        (90 * DAY + TAIL, State.GONE, State.ACTIVE),
        (-30 * SECOND, State.ACTIVE, State.NEXT),
    ],
    ids=["at once", "a second before its turn", "at its turn", "before it is gone", "gone", "a slower clock"],
)
def test_the_times_alone_decide_the_states(after: timedelta, first: State, second: State) -> None:
    keys = first_pair()

    assert list(states(keys, T0 + after).values()) == [first, second]


def test_planning_what_was_planned_changes_nothing() -> None:
    keys = first_pair()

    for after in (timedelta(0), 45 * DAY, 90 * DAY - SECOND, -30 * SECOND):
        assert lifecycle.plan(keys, T0 + after, POLICY) == keys


def test_after_a_turn_the_plan_has_another_next() -> None:
    keys = lifecycle.plan(first_pair(), T0 + 91 * DAY, POLICY)

    assert list(states(keys, T0 + 91 * DAY).values()) == [State.GONE, State.ACTIVE, State.NEXT]
    assert keys[1].retires_at == keys[2].activates_at == T0 + 180 * DAY


def test_a_next_that_comes_late_still_waits_until_verifiers_have_it() -> None:
    late = T0 + 200 * DAY

    keys = lifecycle.plan(first_pair(), late, POLICY)

    assert keys[2].activates_at == late + LEAD


def test_a_rotation_lets_a_key_sign_at_once_that_has_been_public_long_enough() -> None:
    now = T0 + DAY

    keys = lifecycle.plan_rotation(first_pair(), now, POLICY)

    assert list(states(keys, now).values()) == [State.RETIRING, State.ACTIVE, State.NEXT]
    assert keys[0].retires_at == now
    assert keys[0].gone_at == now + TAIL


def test_a_rotation_waits_for_a_key_that_is_not_known_everywhere_yet() -> None:
    now = T0 + MINUTE

    keys = lifecycle.plan_rotation(first_pair(), now, POLICY)

    assert list(states(keys, now).values()) == [State.ACTIVE, State.NEXT]
    assert keys[1].activates_at == keys[0].retires_at == T0 + LEAD
    assert lifecycle.plan(keys, now, POLICY) == keys


def test_a_rotation_at_once_does_not_wait() -> None:
    keys = lifecycle.plan_rotation(first_pair(), T0, POLICY, at_once=True)

    assert list(states(keys, T0).values()) == [State.RETIRING, State.ACTIVE, State.NEXT]


def test_rotations_at_once_by_a_slower_clock_take_their_turns_all_the_same() -> None:
    keys = lifecycle.plan_rotation(first_pair(), T0 - 20 * SECOND, POLICY, at_once=True)

    assert list(states(keys, T0 + SECOND).values())[:2] == [State.RETIRING, State.ACTIVE]


def test_rotating_an_empty_table_makes_its_keys() -> None:
    keys = lifecycle.plan_rotation((), T0, POLICY)

    assert list(states(keys, T0).values()) == [State.ACTIVE, State.NEXT]


def test_revoking_the_active_key_lets_the_next_sign_at_once() -> None:
    active, following = first_pair()
    now = T0 + DAY

    keys = lifecycle.plan_revocation((active, following), active.kid, now, POLICY)

    assert states(keys, now)[active.kid] is State.GONE
    assert states(keys, now)[following.kid] is State.ACTIVE
    assert named(keys, active.kid).revoked_at == now
    assert sorted(states(keys, now).values()) == [State.ACTIVE, State.GONE, State.NEXT]


def test_revoking_the_next_key_brings_another_and_the_active_one_goes_on() -> None:
    active, following = first_pair()

    keys = lifecycle.plan_revocation((active, following), following.kid, T0 + DAY, POLICY)

    assert states(keys, T0 + DAY)[active.kid] is State.ACTIVE
    assert states(keys, T0 + DAY)[following.kid] is State.GONE
    assert named(keys, active.kid).retires_at == keys[-1].activates_at == T0 + 90 * DAY


def test_revoking_a_retiring_key_leaves_the_others_alone() -> None:
    keys = lifecycle.plan_rotation(first_pair(), T0 + DAY, POLICY)

    after = lifecycle.plan_revocation(keys, keys[0].kid, T0 + DAY, POLICY)

    assert list(states(after, T0 + DAY).values()) == [State.GONE, State.ACTIVE, State.NEXT]
    assert after[1:] == keys[1:]


def test_revoking_again_keeps_the_first_time() -> None:
    active, following = first_pair()
    once = lifecycle.plan_revocation((active, following), active.kid, T0 + DAY, POLICY)

    twice = lifecycle.plan_revocation(once, active.kid, T0 + 2 * DAY, POLICY)

    assert named(twice, active.kid).revoked_at == T0 + DAY


def test_another_algorithm_replaces_the_next_key_and_signs_when_verifiers_have_it() -> None:
    active, following = first_pair()
    now = T0 + DAY

    keys = lifecycle.plan((active, following), now, RS256)

    assert following.kid not in states(keys, now)
    assert keys[1].algorithm == "RS256"
    assert keys[1].activates_at == named(keys, active.kid).retires_at == now + LEAD
    assert lifecycle.plan(keys, now + MINUTE, RS256) == keys


def test_an_algorithm_changed_back_keeps_the_active_key_until_its_turn() -> None:
    keys = lifecycle.plan(lifecycle.plan(first_pair(), T0 + DAY, RS256), T0 + DAY, POLICY)

    assert [key.algorithm for key in keys] == ["ES256", "ES256"]
    assert keys[1].activates_at == T0 + 90 * DAY


def test_a_next_key_that_is_about_to_sign_is_not_taken_from_workers_that_will_sign_with_it() -> None:
    keys = first_pair()
    shortly_before = T0 + 90 * DAY - MINUTE

    assert lifecycle.plan(keys, shortly_before, RS256) == keys


def test_a_shorter_period_moves_the_next_turn_forward() -> None:
    shorter = Policy("ES256", rotation_period=HOUR, jwks_max_age=10 * MINUTE, access_lifetime=10 * MINUTE)
    now = T0 + DAY

    keys = lifecycle.plan(first_pair(), now, shorter)

    assert keys[0].retires_at == keys[1].activates_at == now + LEAD
    assert lifecycle.plan(keys, now + MINUTE, shorter) == keys


def test_a_shorter_token_lifetime_does_not_cut_the_tail_of_tokens_that_are_about() -> None:
    long_lived = Policy("ES256", rotation_period=90 * DAY, jwks_max_age=10 * MINUTE, access_lifetime=DAY)
    keys = lifecycle.plan((), T0, long_lived)

    after = lifecycle.plan_rotation(keys, T0 + DAY, POLICY)

    assert after[0].gone_at == T0 + DAY + DAY + timedelta(seconds=120)


def test_no_key_at_all_means_no_active_key() -> None:
    assert lifecycle.active_key((), T0) is None
