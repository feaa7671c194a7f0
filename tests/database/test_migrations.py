"""The migrations build what the models describe, forwards and backwards, on both databases."""

import importlib.util
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from app.database import dialects, schema
from app.database.base import Base


@pytest.fixture
async def engine(empty_database_url: str) -> AsyncIterator[AsyncEngine]:
    made = dialects.create_engine(
        dialects.normalise_url(empty_database_url), pool_size=5, timeout=timedelta(seconds=20), server_timeout=None
    )
    yield made
    await made.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_migrations_run_forward_back_and_forward_again(engine: AsyncEngine) -> None:
    await schema.upgrade(engine)
    assert await schema.current_revision(engine) == schema.head_revision()
    assert tables_of_metadata() <= await tables(engine)

    await schema.downgrade(engine)
    assert await schema.current_revision(engine) is None
    assert not tables_of_metadata() & await tables(engine)

    await schema.upgrade(engine)
    assert await schema.current_revision(engine) == schema.head_revision()


def tables_of_metadata() -> set[str]:
    return set(Base.metadata.tables)


async def test_the_migrated_schema_equals_the_models(engine: AsyncEngine) -> None:
    await schema.upgrade(engine)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_alembic_folder_does_not_shadow_the_library() -> None:
    spec = importlib.util.find_spec("alembic")

    assert spec is not None
    assert spec.origin is not None
    assert "site-packages" in spec.origin
    assert not (Path(__file__).parents[2] / "alembic" / "__init__.py").exists()
