"""Reads and writes sessions. What decides is one conditional statement each, never read-then-write."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, case, func, insert, literal_column, or_, select, update
from sqlalchemy import delete as delete_from

from app.database.dialects import greatest, least
from app.database.engine import Transaction
from app.domain.accounts.models import User
from app.domain.accounts.standing import may_have_tokens
from app.domain.sessions.models import Session
from app.domain.sessions.rotation import SessionState
from app.domain.sessions.session import EndedSession, EndReason, LiveSession, SessionView, settled_end

_OF_SESSION = (
    Session.id,
    Session.user_id,
    Session.client,
    Session.scope,
    Session.amr,
    Session.auth_time,
    Session.generation,
    Session.access_expires_at,
    Session.idle_expires_at,
)
_OF_USER = (User.username, User.roles, User.epoch)
_OF_VIEW = (
    Session.id,
    Session.created_at,
    Session.last_used_at,
    Session.expires_at,
    Session.ip,
    Session.user_agent,
    Session.ended_at,
    Session.end_reason,
    Session.idle_expires_at,
)
# SQLite's RETURNING cannot name joined tables, and SQLAlchemy drops table names inside its sub-selects there
# (`users.id = sessions.user_id` would become `id = user_id`, right only by luck): so they are spelled out.
_OF_USER_ON_SQLITE = tuple(
    literal_column(
        f"(SELECT users.{column.key} FROM users WHERE users.id = sessions.user_id)",  # noqa: S608  # our own columns
        column.type,
    ).label(column.key)
    for column in _OF_USER
)
_OTHERS_OF_USER = literal_column(
    "(SELECT count(*) FROM sessions AS others WHERE others.user_id = sessions.user_id AND others.id <> sessions.id"
    " AND others.ended_at IS NULL AND others.expires_at > sessions.created_at"
    " AND others.idle_expires_at > sessions.created_at)",
    Integer,
)


@dataclass(frozen=True)
class NewSession:
    """The columns of a session at log-in."""

    id: UUID
    user_id: UUID
    client: str
    scope: tuple[str, ...]
    amr: tuple[str, ...]
    access_expires_at: datetime
    idle_expires_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None


def _live(now: datetime) -> ColumnElement[bool]:
    return and_(Session.ended_at.is_(None), Session.expires_at > now, Session.idle_expires_at > now)


class SessionRepository:
    """Questions and statements about sessions."""

    async def insert(self, db: Transaction, new: NewSession) -> int:
        """Store a new session; how many *other* live sessions the user has, counted by the same statement.

        Call it after the users row was claimed: a count in the claim itself would miss a log-in beside this one.
        """
        statement = (
            insert(Session)
            .values(
                **vars(new),
                auth_time=db.now,
                generation=0,
                rotated_at=db.now,
                retry_key_counts=False,
                created_at=db.now,
                last_used_at=db.now,
            )
            .returning(_OTHERS_OF_USER)
        )
        return int((await db.execute(statement)).scalar_one())

    async def claim(
        self,
        db: Transaction,
        session_id: UUID,
        generation: int,
        *,
        retry_key: bytes | None,
        idle_expires_at: datetime,
        access_expires_at: datetime,
    ) -> LiveSession | None:
        """Move the session to the generation after `generation`.

        Of concurrent callers with one token exactly one moves it. Matches when the presented generation is the newest,
        or newer than the row (a failover lost the row's). None when the session cannot move: `find_state` and
        `rotation.judge` then say why.
        """
        counts = or_(Session.retry_key.is_(None), Session.retry_key != retry_key) if retry_key is not None else False
        statement = (
            update(Session)
            .where(Session.id == session_id, Session.generation <= generation, _live(db.now))
            .values(
                generation=generation + 1,
                rotated_at=db.now,
                last_used_at=db.now,
                retry_key=retry_key,
                retry_key_counts=counts,
                idle_expires_at=least(Session.expires_at, idle_expires_at),
                access_expires_at=greatest(Session.access_expires_at, least(Session.expires_at, access_expires_at)),
            )
        )
        if db.dialect == "postgresql":
            statement = statement.where(User.id == Session.user_id, may_have_tokens()).returning(
                *_OF_SESSION, *_OF_USER
            )
        else:
            user = select(User.id).where(User.id == Session.user_id, may_have_tokens())
            statement = statement.where(user.exists()).returning(*_OF_SESSION, *_OF_USER_ON_SQLITE)
        row = (await db.execute(statement)).one_or_none()
        return None if row is None else LiveSession(*row)

    async def find_state(self, db: Transaction, session_id: UUID) -> tuple[SessionState, LiveSession] | None:
        """The session as it stands, for a token that did not move it."""
        statement = (
            select(
                *_OF_SESSION,
                *_OF_USER,
                Session.rotated_at,
                Session.retry_key,
                Session.retry_key_counts,
                Session.ended_at,
                Session.expires_at,
                may_have_tokens().label("may_have_tokens"),
            )
            .join(User, User.id == Session.user_id)
            .where(Session.id == session_id)
        )
        row = (await db.execute(statement)).one_or_none()
        if row is None:
            return None
        state = SessionState(
            generation=row.generation,
            rotated_at=row.rotated_at,
            retry_key=row.retry_key,
            retry_key_counts=row.retry_key_counts,
            ended=row.ended_at is not None,
            idle_expires_at=row.idle_expires_at,
            expires_at=row.expires_at,
            user_may_have_tokens=row.may_have_tokens,
        )
        return state, LiveSession(*row[: len(_OF_SESSION) + len(_OF_USER)])

    async def raise_access_expiry(
        self, db: Transaction, session_id: UUID, generation: int, access_expires_at: datetime
    ) -> datetime | None:
        """Let access tokens of an unmoved, unended session live until then; None when it has moved or ended."""
        statement = (
            update(Session)
            .where(Session.id == session_id, Session.generation == generation, Session.ended_at.is_(None))
            .values(access_expires_at=greatest(Session.access_expires_at, least(Session.expires_at, access_expires_at)))
            .returning(Session.access_expires_at)
        )
        raised: datetime | None = (await db.execute(statement)).scalar_one_or_none()
        return raised

    async def end(self, db: Transaction, reason: EndReason, *which: ColumnElement[bool]) -> list[EndedSession]:
        """End the sessions that `which` names and that have not ended; rows are taken in the order of their ids.

        The first reason stays. A session that lapsed unused is settled too, as `idle` or `expired` at the moment it
        did: a worker whose clock is behind could still move it, and an access token of its last minutes still lives.
        """
        chosen = select(Session.id).where(Session.ended_at.is_(None), *which).order_by(Session.id).with_for_update()
        lapsed = case(
            (
                and_(Session.idle_expires_at <= db.now, Session.idle_expires_at < Session.expires_at),
                EndReason.IDLE.value,
            ),
            (Session.expires_at <= db.now, EndReason.EXPIRED.value),
            else_=reason.value,
        )
        statement = (
            update(Session)
            .where(Session.id.in_(chosen), Session.ended_at.is_(None))
            .values(ended_at=least(Session.idle_expires_at, Session.expires_at, db.now), end_reason=lapsed)
            .returning(Session.id, Session.access_expires_at)
        )
        return [EndedSession(row.id, row.access_expires_at) for row in await db.execute(statement)]

    async def latest_access_expiry(self, db: Transaction, user_id: UUID) -> datetime | None:
        """When the last access token that the user was ever issued expires, at the latest."""
        statement = select(func.max(Session.access_expires_at)).where(Session.user_id == user_id)
        latest: datetime | None = (await db.execute(statement)).scalar_one()
        return latest

    async def is_live(self, db: Transaction, session_id: UUID) -> bool:
        """Whether the session has not ended."""
        statement = select(Session.id).where(Session.id == session_id, _live(db.now))
        return (await db.execute(statement)).first() is not None

    async def list_page(
        self, db: Transaction, user_id: UUID, *, ended: bool, before: UUID | None, limit: int
    ) -> list[SessionView]:
        """The user's sessions, newest first, `limit` at most; with `ended` also those that have ended."""
        statement = select(*_OF_VIEW).where(Session.user_id == user_id).order_by(Session.id.desc()).limit(limit)
        if not ended:
            statement = statement.where(_live(db.now))
        if before is not None:
            statement = statement.where(Session.id < before)
        return [_view(row, db.now) for row in await db.execute(statement)]

    async def find_view(self, db: Transaction, session_id: UUID) -> SessionView | None:
        """The session, ended or not."""
        row = (await db.execute(select(*_OF_VIEW).where(Session.id == session_id))).one_or_none()
        return None if row is None else _view(row, db.now)

    async def count_live(self, db: Transaction, user_id: UUID) -> int:
        """How many sessions of the user have not ended."""
        statement = select(func.count()).where(Session.user_id == user_id, _live(db.now))
        return int((await db.execute(statement)).scalar_one())

    async def exists(self, db: Transaction, session_id: UUID, user_id: UUID) -> bool:
        """Whether the user has, or had, this session."""
        statement = select(Session.id).where(Session.id == session_id, Session.user_id == user_id)
        return (await db.execute(statement)).first() is not None

    async def prune(self, db: Transaction, *, expired_before: datetime, limit: int) -> int:
        """Delete at most `limit` sessions whose end lies before; how many there were."""
        old = select(Session.id).where(Session.expires_at < expired_before).limit(limit)
        return (await db.execute(delete_from(Session).where(Session.id.in_(old)))).rowcount


def of_user(user_id: UUID) -> ColumnElement[bool]:
    """The sessions of this user."""
    return Session.user_id == user_id


def with_ids(session_ids: Collection[UUID]) -> ColumnElement[bool]:
    """These sessions."""
    return Session.id.in_(session_ids)


def least_recently_used(user_id: UUID, *, but: UUID, count: int, now: datetime) -> ColumnElement[bool]:
    """The `count` live sessions of the user that were used longest ago, leaving one aside."""
    chosen = (
        select(Session.id)
        .where(Session.user_id == user_id, Session.id != but, _live(now))
        .order_by(Session.last_used_at, Session.id)
        .limit(count)
    )
    return Session.id.in_(chosen)


def other_than(session_id: UUID) -> ColumnElement[bool]:
    """All but this session."""
    return Session.id != session_id


def _view(row: Any, now: datetime) -> SessionView:
    ended_at, reason = settled_end(
        row.ended_at, row.end_reason, idle_expires_at=row.idle_expires_at, expires_at=row.expires_at, now=now
    )
    return SessionView(
        row.id, row.created_at, row.last_used_at, row.expires_at, row.ip, row.user_agent, ended_at, reason
    )
