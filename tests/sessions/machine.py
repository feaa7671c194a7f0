"""Walks through sessions at random, beside a model that predicts each answer and who may come in afterwards."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.audit.origin import LOCAL
from tests.sessions.model import Model, ModelAccess, ModelSession, ModelUser
from tests.sessions.support import (
    DAY,
    HOUR,
    KEY,
    LEEWAY,
    LIFETIME,
    OTHER_KEY,
    PASSWORD,
    SECOND,
    StandingClock,
    fresh_connection,
    is_accepted,
    is_refused,
    rows_at,
    session_of,
)
from tests.support.service import Service, bearer, running, settings_for_tests
from tests.tokens.support import claims_of

LIMIT = 3
NewDatabase = Callable[[], AbstractAsyncContextManager[str]]
T = TypeVar("T")

picks = st.integers(0, 10_000)
keys = st.sampled_from([None, KEY, OTHER_KEY])
has_sessions = precondition(lambda self: self.model.sessions)
has_accepted = precondition(lambda self: self.accepted_accesses())


class Sessions(RuleBasedStateMachine):
    """Two users, their sessions, and all that may happen to them."""

    def __init__(self, new_database: NewDatabase) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = StandingClock()
        self.model = Model(LIMIT)
        self.passwords = 0
        self.url = self.run(self.stack.enter_async_context(new_database()))
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.service: Service
        self.watching: AsyncConnection
        self.running = AsyncExitStack()
        self.run(self.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def start(self) -> None:
        chosen = settings_for_tests(
            self.url,
            self.folder,
            sessions={"per_user": LIMIT},
            tokens={"role_scopes": {"editor": ["books:write"]}},
        )
        self.service = await self.running.enter_async_context(running(chosen, self.clock))
        self.watching = await self.running.enter_async_context(fresh_connection(self.service))

    def teardown(self) -> None:
        self.run(self.running.aclose())
        self.run(self.stack.aclose())
        self.runner.close()

    @property
    def now(self) -> Any:
        return self.clock.now()

    def session(self, pick: int) -> ModelSession:
        return self.model.sessions[-1 - pick % len(self.model.sessions)]

    def user(self, pick: int) -> ModelUser:
        return self.model.users[pick % len(self.model.users)]

    def accepted_accesses(self) -> list[ModelAccess]:
        return [access for access in self.model.accesses if access.accepted(self.now)]

    def access(self, pick: int) -> ModelAccess:
        accepted = self.accepted_accesses()
        return accepted[-1 - pick % len(accepted)]

    def issued(self, pair: dict[str, Any], session: ModelSession) -> None:
        """Tokens came: they say what the user is now, and the access token does not outlive what the row says."""
        claims = claims_of(pair["access_token"])
        scope = tuple(word for word in session.scope if word in session.user.scope)
        assert (claims.session_id, claims.subject) == (session.id, session.user.id)
        assert (claims.roles, claims.scope) == (session.user.roles, scope)
        assert claims.expires_at <= session.access_expires_at
        self.model.accesses.append(ModelAccess(pair["access_token"], session, claims.expires_at))

    def answered(self, answer: httpx.Response, session: ModelSession, generation: int, key: str | None) -> None:
        """Check one refresh against the model, and let the model follow."""
        newest = generation == session.generation
        if not session.refreshed(generation, key, self.now):
            assert is_refused(answer)
            return
        assert answer.status_code == 200, answer.text
        if newest:
            session.refresh_tokens.append(answer.json()["refresh_token"])
        assert answer.json()["refresh_token"] == session.refresh_tokens[-1]
        self.issued(answer.json(), session)

    def refresh(self, session: ModelSession, generation: int, key: str | None) -> None:
        answer = self.run(self.service.refresh(session.refresh_tokens[generation], key))
        self.answered(answer, session, generation, key)

    async def post(self, path: str, access: ModelAccess | None, **body: str) -> httpx.Response:
        headers = bearer(access.text) if access else {}
        return await self.service.client.post(path, headers=headers, json=body or None)

    @initialize()
    def two_users(self) -> None:
        for name in ("ada", "bob"):
            stored = self.run(self.service.register(name))
            self.model.users.append(ModelUser(name, UUID(stored["id"]), PASSWORD))

    @rule(pick=picks, right=st.sampled_from([True, True, True, False]))
    def log_in(self, pick: int, *, right: bool) -> None:
        user = self.user(pick)
        password = user.password if right else "not the password at all"
        answer = self.run(self.post("/api/v1/auth/login", None, username=user.name, password=password))
        if not right or not user.active:
            assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
            return
        pair = answer.json()
        session = ModelSession(session_of(pair), user, self.now, [pair["refresh_token"]])
        self.model.opened(session, self.now)
        self.issued(pair, session)

    @has_sessions
    @rule(pick=picks, key=keys)
    def refresh_with_the_newest(self, pick: int, key: str | None) -> None:
        session = self.session(pick)
        self.refresh(session, session.generation, key)

    @has_sessions
    @rule(pick=picks, key=keys)
    def retry(self, pick: int, key: str | None) -> None:
        session = self.session(pick)
        self.refresh(session, max(session.generation - 1, 0), key)

    @has_sessions
    @rule(pick=picks, back=st.integers(2, 5), key=keys)
    def replay_an_older_one(self, pick: int, back: int, key: str | None) -> None:
        session = self.session(pick)
        self.refresh(session, max(session.generation - back, 0), key)

    @has_sessions
    @rule(pick=picks, key=keys)
    def two_at_once(self, pick: int, key: str | None) -> None:
        session = self.session(pick)
        token, generation = session.refresh_tokens[-1], session.generation
        both = self.run(at_once(self.service.refresh(token, key), self.service.refresh(token, key)))
        for answer in both:
            self.answered(answer, session, generation, key)

    @has_sessions
    @rule(pick=picks)
    def log_out_while_refreshing(self, pick: int) -> None:
        session = self.session(pick)
        token = session.refresh_tokens[-1]
        refreshed, out = self.run(
            at_once(self.service.refresh(token), self.post("/api/v1/auth/logout", None, refresh_token=token))
        )
        assert out.status_code == 204
        if refreshed.status_code == 200:
            self.answered(refreshed, session, session.generation, None)
        session.end("logout", self.now)
        session.revoked = True

    @has_accepted
    @rule(pick=picks)
    def log_out(self, pick: int) -> None:
        access = self.access(pick)
        assert self.run(self.post("/api/v1/auth/logout", access)).status_code == 204
        access.session.end("logout", self.now)
        access.session.revoked = True

    @has_sessions
    @rule(pick=picks, generation=picks)
    def log_out_with_a_refresh_token(self, pick: int, generation: int) -> None:
        session = self.session(pick)
        token = session.refresh_tokens[generation % len(session.refresh_tokens)]
        assert self.run(self.post("/api/v1/auth/logout", None, refresh_token=token)).status_code == 204
        session.end("logout", self.now)
        session.revoked = True

    @has_accepted
    @rule(pick=picks)
    def log_out_everywhere(self, pick: int) -> None:
        access = self.access(pick)
        assert self.run(self.post("/api/v1/auth/logout-all", access)).status_code == 204
        self.model.end_all(access.session.user, "logout_all", self.now)
        self.model.outdate(access.session.user)

    @has_accepted
    @rule(pick=picks)
    def change_the_password(self, pick: int) -> None:
        access = self.access(pick)
        user = access.session.user
        self.passwords += 1
        new = f"password of the walk, number {self.passwords}"
        answer = self.run(
            self.post("/api/v1/users/me/password", access, current_password=user.password, new_password=new)
        )
        if not access.session.lives(self.now):
            assert answer.status_code == 401
            return
        assert answer.status_code == 204
        user.password = new
        self.model.end_all(user, "password_changed", self.now, but=access.session)

    @rule(pick=picks)
    def give_or_take_a_role(self, pick: int) -> None:
        user, roles = self.user(pick), self.service.services.roles
        if user.roles:
            self.run(roles.take(user.id, "editor", actor_id=None, origin=LOCAL))
            self.model.outdate(user)
        else:
            self.run(roles.grant(user.id, "editor", actor_id=None, origin=LOCAL))
        user.roles = () if user.roles else ("editor",)

    @rule(pick=picks)
    def disable_or_enable(self, pick: int) -> None:
        user, activation = self.user(pick), self.service.services.activation
        if user.active:
            self.run(activation.disable(user.id, actor_id=None, origin=LOCAL))
            self.model.end_all(user, "user_disabled", self.now)
            self.model.outdate(user)
        else:
            self.run(activation.enable(user.id, actor_id=None, origin=LOCAL))
        user.active = not user.active

    @rule(by=st.sampled_from([SECOND, LEEWAY / 2, LEEWAY, LIFETIME / 2, LIFETIME, HOUR, 5 * DAY]))
    def time_passes(self, by: Any) -> None:
        self.clock.advance(by)

    @rule()
    def prune(self) -> None:
        self.run(self.service.services.housekeeping.prune())
        self.model.prune(self.now)

    @rule()
    def restart(self) -> None:
        self.run(self.running.aclose())
        self.run(self.start())

    @invariant()
    def exactly_the_right_access_tokens_are_accepted(self) -> None:
        expected = [access.accepted(self.now) for access in self.model.accesses]
        verdicts = [self.run(is_accepted(self.service, access.text)) for access in self.model.accesses]
        assert verdicts == expected

    @invariant()
    def the_rows_say_which_refresh_tokens_are_good(self) -> None:
        stored = {
            found["id"]: (
                found["generation"],
                found["end_reason"],
                found["idle_expires_at"],
                found["access_expires_at"],
            )
            for found in self.run(rows_at(self.watching))
        }
        expected = {
            session.id: (session.generation, session.end_reason, session.idle_expires_at, session.access_expires_at)
            for session in self.model.sessions
            if not session.pruned
        }
        assert stored == expected


async def at_once(
    one: Coroutine[Any, Any, httpx.Response], other: Coroutine[Any, Any, httpx.Response]
) -> tuple[httpx.Response, httpx.Response]:
    return await asyncio.gather(one, other)
