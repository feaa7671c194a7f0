"""What a token that did not move its session means: the table of the design, and its edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.sessions.rotation import SessionState, Verdict, judge

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND, MICRO = timedelta(seconds=1), timedelta(microseconds=1)
LEEWAY = 60 * SECOND
KEY, OTHER = b"k" * 32, b"o" * 32
LIVE = SessionState(
    generation=5,
    rotated_at=NOW - 10 * SECOND,
    retry_key=None,
    retry_key_counts=False,
    ended=False,
    idle_expires_at=NOW + timedelta(days=14),
    expires_at=NOW + timedelta(days=30),
    user_may_have_tokens=True,
)
KEYED = replace(LIVE, rotated_at=NOW - timedelta(days=3), retry_key=KEY, retry_key_counts=True)
DEAD = {
    "ended": replace(LIVE, ended=True),
    "expired": replace(LIVE, expires_at=NOW - MICRO),
    "expiring at this very moment": replace(LIVE, expires_at=NOW),
    "idle too long": replace(LIVE, idle_expires_at=NOW - MICRO),
    "idle too long at this very moment": replace(LIVE, idle_expires_at=NOW),
    "of a user who may have no tokens": replace(LIVE, user_may_have_tokens=False),
}


def verdict(
    state: SessionState | None, generation: int, *, key: bytes | None = None, leeway: timedelta = LEEWAY
) -> Verdict:
    return judge(state, generation=generation, retry_key=key, now=NOW, leeway=leeway)


@pytest.mark.parametrize("generation", [0, 4, 5, 6, 2**32 - 1])
def test_a_session_that_is_not_there_is_unknown_and_never_reuse(generation: int) -> None:
    assert verdict(None, generation, key=KEY) is Verdict.UNKNOWN


@pytest.mark.parametrize("state", DEAD.values(), ids=DEAD.keys())
@pytest.mark.parametrize("generation", [0, 3, 4, 5, 6])
def test_a_dead_session_refuses_before_generations_are_looked_at(state: SessionState, generation: int) -> None:
    assert verdict(state, generation) is Verdict.DEAD


def test_a_key_does_not_wake_a_dead_session() -> None:
    assert verdict(replace(KEYED, ended=True), 4, key=KEY) is Verdict.DEAD


@pytest.mark.parametrize("generation", [5, 6, 100])
def test_a_token_that_should_have_moved_the_session_is_claimed_again_and_never_ends_it(generation: int) -> None:
    assert verdict(LIVE, generation) is Verdict.CLAIM_AGAIN
    assert verdict(replace(LIVE, rotated_at=NOW - timedelta(days=9)), generation) is Verdict.CLAIM_AGAIN


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), Verdict.RETRY),
        (LEEWAY - MICRO, Verdict.RETRY),
        (LEEWAY, Verdict.REUSED),
        (LEEWAY + MICRO, Verdict.REUSED),
        (-MICRO, Verdict.RETRY),
        (-timedelta(days=1), Verdict.RETRY),
    ],
)
def test_the_token_before_is_a_retry_until_the_leeway_is_over(age: timedelta, expected: Verdict) -> None:
    assert verdict(replace(LIVE, rotated_at=NOW - age), 4) is expected


@pytest.mark.parametrize("age", [-SECOND, timedelta(0), MICRO])
def test_a_leeway_of_zero_turns_the_window_off(age: timedelta) -> None:
    assert verdict(replace(LIVE, rotated_at=NOW - age), 4, leeway=timedelta(0)) is Verdict.REUSED


def test_the_key_of_that_rotation_makes_it_a_retry_at_any_time() -> None:
    assert verdict(KEYED, 4, key=KEY) is Verdict.RETRY
    assert verdict(KEYED, 4, key=KEY, leeway=timedelta(0)) is Verdict.RETRY


@pytest.mark.parametrize(
    ("state", "key"),
    [
        (KEYED, None),
        (KEYED, OTHER),
        (replace(KEYED, retry_key_counts=False), KEY),
        (replace(KEYED, retry_key=None), KEY),
        (replace(KEYED, retry_key=None), None),
    ],
    ids=["no key", "another key", "a key that does not count", "none stored", "none at all"],
)
def test_without_the_key_of_that_rotation_it_is_reuse_after_the_leeway(state: SessionState, key: bytes | None) -> None:
    assert verdict(state, 4, key=key) is Verdict.REUSED


@pytest.mark.parametrize("generation", [0, 3])
@pytest.mark.parametrize("state", [LIVE, replace(LIVE, rotated_at=NOW), KEYED], ids=["recent", "just now", "keyed"])
def test_an_older_token_is_reuse_whatever_the_time_and_the_key(state: SessionState, generation: int) -> None:
    assert verdict(state, generation, key=KEY) is Verdict.REUSED


moments = st.timedeltas(-timedelta(days=40), timedelta(days=40)).map(lambda by: NOW + by)
keys = st.sampled_from([None, KEY, OTHER])
states = st.builds(
    SessionState,
    generation=st.integers(0, 8),
    rotated_at=moments,
    retry_key=keys,
    retry_key_counts=st.booleans(),
    ended=st.booleans(),
    idle_expires_at=moments,
    expires_at=moments,
    user_may_have_tokens=st.booleans(),
)
leeways = st.timedeltas(timedelta(0), timedelta(minutes=10))


@given(states, st.integers(0, 9), keys, leeways)
def test_a_session_is_ended_only_for_a_used_token_and_only_while_it_lives(
    state: SessionState, generation: int, key: bytes | None, leeway: timedelta
) -> None:
    alive = not state.ended and min(state.expires_at, state.idle_expires_at) > NOW and state.user_may_have_tokens

    found = verdict(state, generation, key=key, leeway=leeway)

    assert (found is Verdict.DEAD) == (not alive)
    assert (found is Verdict.CLAIM_AGAIN) == (alive and generation >= state.generation)
    assert found is not Verdict.RETRY or generation == state.generation - 1
    assert found is not Verdict.REUSED or generation < state.generation
    assert found is not Verdict.UNKNOWN


@given(states, keys, leeways, st.timedeltas(timedelta(0), timedelta(days=1)))
def test_what_is_a_retry_now_was_one_earlier(
    state: SessionState, key: bytes | None, leeway: timedelta, sooner: timedelta
) -> None:
    earlier = replace(state, rotated_at=state.rotated_at + sooner)

    later_is_retry = verdict(state, state.generation - 1, key=key, leeway=leeway) is Verdict.RETRY

    assert not later_is_retry or verdict(earlier, state.generation - 1, key=key, leeway=leeway) is Verdict.RETRY
