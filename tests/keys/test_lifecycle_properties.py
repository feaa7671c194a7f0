"""Whatever operators and time do: one active key at every moment, and no token outlives the key that verifies it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.keys import lifecycle
from app.domain.keys.lifecycle import KeyTimes, Policy, State

START = datetime(2030, 1, 1, tzinfo=UTC)
MISSED = timedelta(seconds=60)
"""A worker may not have heard of a change for this long."""

steps = st.lists(
    st.tuples(
        st.sampled_from(["ensure", "ensure", "rotate", "rotate now", "revoke active", "revoke next", "algorithm"]),
        st.one_of(st.integers(0, 5), st.integers(0, 3000), st.integers(0, 40_000)),
    ),
    max_size=25,
)
policies = st.builds(
    Policy,
    algorithm=st.sampled_from(["ES256", "RS256"]),
    rotation_period=st.integers(3600, 20_000).map(lambda s: timedelta(seconds=s)),
    jwks_max_age=st.integers(1, 1200).map(lambda s: timedelta(seconds=s)),
    access_lifetime=st.integers(10, 5000).map(lambda s: timedelta(seconds=s)),
)


@dataclass
class World:
    """The table as it was at every change, with real names for keys."""

    policy: Policy
    keys: tuple[KeyTimes, ...] = ()
    made: int = 0

    def take(self, planned: tuple[KeyTimes, ...]) -> None:
        named = []
        for key in planned:
            if key.kid.startswith("new"):
                self.made += 1
                named.append(replace(key, kid=f"k{self.made:03}"))
            else:
                named.append(key)
        self.keys = tuple(named)

    def step(self, what: str, now: datetime) -> set[str]:
        """Do it; the kids that may sign without having been public for long."""
        before = self.keys
        active = lifecycle.active_key(before, now)
        coming = [key for key in before if lifecycle.state_of(key, before, now) is State.NEXT]
        if what == "rotate":
            self.take(lifecycle.plan_rotation(before, now, self.policy))
        elif what == "rotate now":
            self.take(lifecycle.plan_rotation(before, now, self.policy, at_once=True))
        elif what == "revoke active" and active:
            self.take(lifecycle.plan_revocation(before, active.kid, now, self.policy))
        elif what == "revoke next" and coming:
            self.take(lifecycle.plan_revocation(before, coming[0].kid, now, self.policy))
        else:
            if what == "algorithm":
                other = "RS256" if self.policy.algorithm == "ES256" else "ES256"
                self.policy = replace(self.policy, algorithm=other)
            self.take(lifecycle.plan(before, now, self.policy))
        hurried = lifecycle.active_key(self.keys, now)
        assert hurried is not None
        return {hurried.kid} if what in {"rotate now", "revoke active"} or not before else set()


@settings(max_examples=150, deadline=None)
@given(policy=policies, todo=steps)
def test_one_key_signs_at_every_moment_and_outlives_its_tokens(policy: Policy, todo: list[tuple[str, int]]) -> None:
    world = World(policy)
    hurried = world.step("ensure", START)
    now = START
    tokens: list[tuple[str, datetime]] = []
    for what, seconds in todo:
        stale, changed_at = world.keys, now + timedelta(seconds=seconds)
        # Until the next change, and for a while after it on a worker that has not heard of it, these keys sign.
        for moment in (now, now + (changed_at - now) / 2, changed_at, changed_at + MISSED):
            signer = lifecycle.active_key(stale, moment)
            assert signer is not None
            assert [lifecycle.state_of(key, stale, moment) for key in stale].count(State.ACTIVE) == 1
            assert signer.kid in hurried or signer.activates_at >= signer.published_at + policy.lead
            tokens.append((signer.kid, moment + policy.access_lifetime))
        now = changed_at
        hurried |= world.step(what, now)
        planned = [lifecycle.state_of(key, world.keys, now) for key in world.keys]
        assert planned.count(State.ACTIVE) == 1
        assert planned.count(State.NEXT) == 1
        present = {key.kid: key for key in world.keys}
        for kid, expires_at in tokens:
            key = present[kid]
            if key.revoked_at is None and expires_at > now:
                just_before = expires_at - timedelta(microseconds=1)
                assert lifecycle.state_of(key, world.keys, max(now, just_before)) is not State.GONE


@settings(max_examples=100, deadline=None)
@given(policy=policies, todo=steps)
def test_a_plan_is_at_rest_once_it_was_carried_out(policy: Policy, todo: list[tuple[str, int]]) -> None:
    world, now = World(policy), START
    world.step("ensure", now)
    for what, seconds in todo:
        now += timedelta(seconds=seconds)
        world.step(what, now)

        assert lifecycle.plan(world.keys, now, world.policy) == world.keys
