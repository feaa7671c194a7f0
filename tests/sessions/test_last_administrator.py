"""However many try at once, an administrator remains."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import combinations_with_replacement, product
from uuid import UUID

import pytest

from app.domain.accounts.errors import LastAdministratorError
from app.domain.audit.origin import LOCAL
from tests.sessions.support import USERS, rows, warm
from tests.support.service import Service

Removal = Callable[[Service, UUID], Awaitable[object]]


async def demote(service: Service, user_id: UUID) -> None:
    await service.services.roles.take(user_id, "admin", actor_id=None, origin=LOCAL)


async def disable(service: Service, user_id: UUID) -> None:
    await service.services.activation.disable(user_id, actor_id=None, origin=LOCAL)


async def delete(service: Service, user_id: UUID) -> None:
    await service.services.closure.close(user_id, actor_id=None, origin=LOCAL)


async def close_own(service: Service, user_id: UUID) -> None:
    await service.services.closure.close_own(user_id, current_password="engine of differences", origin=LOCAL)


WAYS = (demote, disable, delete, close_own)


async def new_administrators(service: Service, how_many: int) -> list[UUID]:
    made = [
        await service.services.registration.create(
            f"root{number}", "engine of differences", email=None, roles=("admin",), origin=LOCAL
        )
        for number in range(how_many)
    ]
    return [administrator.id for administrator in made]


async def administrators(service: Service) -> set[UUID]:
    return {user["id"] for user in await rows(service, USERS) if user["is_active"] and "admin" in user["roles"]}


async def remove_everybody(service: Service) -> None:
    """Make room for the next round, which not even an operator may do by the ordinary way."""
    async with service.services.database.transaction() as db:
        await db.execute(USERS.delete())


async def one_round(service: Service, removals: tuple[Removal, ...]) -> None:
    ids = await new_administrators(service, len(removals))

    outcomes = await asyncio.gather(
        *(remove(service, user_id) for remove, user_id in zip(removals, ids, strict=True)), return_exceptions=True
    )

    refused = [outcome for outcome in outcomes if outcome is not None]
    assert [type(outcome) for outcome in refused] == [LastAdministratorError], outcomes
    assert len(await administrators(service)) == 1
    await remove_everybody(service)


async def test_of_two_that_remove_each_other_one_remains(service: Service) -> None:
    await warm(service)

    for removals in combinations_with_replacement(WAYS, 2):
        await one_round(service, removals)


@pytest.mark.long
async def test_of_two_that_remove_each_other_one_remains_over_many_rounds(service: Service) -> None:
    await warm(service)

    for _ in range(25):
        for removals in product(WAYS, repeat=2):
            await one_round(service, removals)


async def test_of_six_that_are_removed_at_once_one_remains(service: Service) -> None:
    await warm(service)

    await one_round(service, (demote, disable, delete, demote, disable, delete))
