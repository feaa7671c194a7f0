"""What tests of sessions share: rows read through a connection of their own, a clock that stands, warm pools."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Table, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.composition import database_url
from app.crypto.derive import MasterSecrets
from app.database import dialects
from app.database.base import Base
from app.domain.accounts.account import Account
from app.domain.sessions.refresh_token import PresentedToken, RefreshTokens
from app.domain.tokens.errors import InvalidTokenError, TokenExpiredError
from tests.support.service import SECRET, MovableClock, Service
from tests.tokens.support import claims_of

PASSWORD, NEW_PASSWORD = "engine of differences", "difference of engines"
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEEWAY, LIFETIME, IDLE, SESSION_LIFETIME = 60 * SECOND, 10 * MINUTE, 14 * DAY, 30 * DAY
"""The defaults of the settings."""
KEY, OTHER_KEY = "k" * 22, "o" * 22

SESSIONS: Table = Base.metadata.tables["sessions"]
USERS: Table = Base.metadata.tables["users"]
REVOCATIONS: Table = Base.metadata.tables["revocations"]


class StandingClock(MovableClock):
    """Wall time stands, shortly after a full minute, until a test moves it; boot time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._start = datetime.now(UTC).replace(second=5, microsecond=0)

    def now(self) -> datetime:
        return self._start + self.ahead


@asynccontextmanager
async def fresh_connection(service: Service) -> AsyncIterator[AsyncConnection]:
    """A connection outside the service's pool; what was executed is committed at the end."""
    engine = dialects.create_engine(
        database_url(service.services.settings), pool_size=1, timeout=10 * SECOND, server_timeout=None
    )
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def rows(service: Service, table: Table = SESSIONS) -> list[dict[str, Any]]:
    """Every row as it is stored, by id (or sequence)."""
    async with fresh_connection(service) as connection:
        return await rows_at(connection, table)


async def rows_at(connection: AsyncConnection, table: Table = SESSIONS) -> list[dict[str, Any]]:
    """Every row that this connection sees."""
    found = await connection.execute(select(table).order_by(*table.primary_key))
    return [dict(row) for row in found.mappings()]


async def row(service: Service, tokens: dict[str, Any]) -> dict[str, Any]:
    """The stored session of these tokens."""
    return next(found for found in await rows(service) if found["id"] == session_of(tokens))


async def alter(service: Service, tokens: dict[str, Any], **values: Any) -> None:
    """Change the stored session of these tokens behind the service's back."""
    async with fresh_connection(service) as connection:
        await connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_of(tokens)).values(**values))


async def alter_user(service: Service, username: str, **values: Any) -> None:
    """Change a stored user behind the service's back."""
    async with fresh_connection(service) as connection:
        await connection.execute(update(USERS).where(USERS.c.username == username).values(**values))


async def live_count(connection: AsyncConnection) -> int:
    """How many sessions have not ended."""
    statement = select(func.count()).select_from(SESSIONS).where(SESSIONS.c.ended_at.is_(None))
    return int((await connection.execute(statement)).scalar_one())


def session_of(tokens: dict[str, Any]) -> UUID:
    """The `sid` of a token pair."""
    return claims_of(tokens["access_token"]).session_id


def genuine(refresh_token: str, secret: str = SECRET) -> PresentedToken:
    """What a refresh token of the tests' service says."""
    token = RefreshTokens(MasterSecrets((secret.encode(),))).parse(refresh_token)
    assert token is not None
    return token


async def rotated(service: Service, refresh_token: str, key: str | None = None) -> dict[str, Any]:
    """The answer to a refresh that must succeed."""
    answer = await service.refresh(refresh_token, key)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def is_accepted(service: Service, access_token: str) -> bool:
    """Whether this worker accepts an access token; anything but a clean verdict is an error."""
    try:
        await service.services.verifier.verify(access_token)
    except (InvalidTokenError, TokenExpiredError):
        return False
    return True


def is_refused(answer: httpx.Response) -> bool:
    """Whether a refresh was refused, in the one way there is."""
    return answer.status_code == 401 and answer.json()["code"] == "invalid_refresh_token"


async def account(service: Service, username: str) -> Account:
    """The user, as an operator would see them."""
    async with service.services.database.statement() as db:
        found = await service.services.activation._users.find_by(db, "username", username)
    assert found is not None
    return found


async def warm(service: Service) -> None:
    """Open every connection of the pool: a cold pool serialises what a race test wants at once."""
    engine = service.services.database.engine
    size = service.services.settings.database.pool_size
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(engine.connect()) for _ in range(size)))
