"""`signet migrate`: bring the database to the newest schema."""

import asyncio

from app.cli.running import AsJson, database_is_named, emit, load, print_json
from app.clock import SystemClock
from app.composition import open_database
from app.database import schema


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema. Safe to run from several places at once, and again."""
    settings = load()

    async def upgrade() -> None:
        database = open_database(settings, SystemClock(), for_migrations=True)
        try:
            async with database_is_named(database):
                await schema.upgrade(database.engine)
        finally:
            await database.dispose()

    asyncio.run(upgrade())
    if as_json:
        print_json({"revision": schema.head_revision()})
    else:
        emit(f"The database is at revision {schema.head_revision()}.\n")
