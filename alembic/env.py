"""Runs migrations: over the connection it is handed, or, called as `alembic …`, over one from the settings."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from app.database import dialects
from app.database.base import Base
from app.domain.accounts import models as accounts
from app.domain.keys import models as keys
from app.domain.revocation import models as revocation
from app.domain.sessions import models as sessions
from app.settings import load_settings

MODELS = (accounts, sessions, keys, revocation)
_MIGRATION_LOCK = 0x5160E7


def migrate(connection: Connection) -> None:
    """Migrate in one transaction, one migrator at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_from_settings() -> None:
    """Connect as the settings say, and migrate."""
    settings = load_settings()
    engine = dialects.create_engine(
        dialects.normalise_url(settings.database_url),
        pool_size=1,
        timeout=settings.database.timeout,
        server_timeout=None,
    )
    async with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(migrate)
    await engine.dispose()


if handed := context.config.attributes.get("connection"):
    migrate(handed)
else:
    asyncio.run(migrate_from_settings())
