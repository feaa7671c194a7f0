"""Importing users: what is stored, what is refused, and that a second run changes nothing."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from passlib.context import CryptContext
from sqlalchemy import text

from app.database.engine import DatabaseUnavailableError
from app.domain.accounts import importing
from app.domain.accounts.import_places import Outcome
from app.domain.accounts.importing import LineReport
from app.domain.audit.origin import LOCAL
from tests.passwords.test_foreign_hashes import ABSURD, BCRYPT, FOREIGN, PASSWORD
from tests.support.service import Service

OUR_HASH = "$argon2id$v=19$m=64,t=1,p=1$"
SCHEMES = {f"{name.replace(' ', '-').replace('.', '-')}": stored for name, stored in FOREIGN.items()}


def line(username: str, **members: Any) -> dict[str, Any]:
    return {"username": username, "password_hash": BCRYPT} | members


async def imported(service: Service, *lines: dict[str, Any] | bytes, dry_run: bool = False) -> list[LineReport]:
    """What became of the lines, numbered from 1."""
    raw = [given if isinstance(given, bytes) else json.dumps(given).encode() for given in lines]
    batches = service.services.user_import.run(enumerate(raw, 1), dry_run=dry_run, origin=LOCAL)
    return [report async for batch in batches for report in batch]


def told(reports: Iterable[LineReport]) -> list[tuple[int, str, str | None]]:
    return [(report.line, report.outcome.value, report.reason) for report in reports]


async def dump(service: Service) -> list[dict[str, Any]]:
    """The table of users, whole."""
    async with service.services.database.statement() as db:
        rows = await db.execute(text("SELECT * FROM users ORDER BY username_key"))
        return [dict(row) for row in rows.mappings()]


async def test_a_user_is_stored_as_the_line_says(service: Service) -> None:
    reports = await imported(
        service,
        line(
            "Ada",
            email="Ada@Example.org",
            email_verified=True,
            roles=["editor", "staff"],
            created_at="2020-02-29T12:00:00Z",
        ),
        line("bob", is_active=False),
    )
    administrator = await service.administrator()
    listed = await service.client.get(
        "/api/v1/users", headers={"Authorization": f"Bearer {administrator['access_token']}"}
    )
    ada, bob, _ = listed.json()["items"]

    assert told(reports) == [(1, "imported", None), (2, "imported", None)]
    assert (ada["username"], ada["email"], ada["email_verified"]) == ("Ada", "Ada@example.org", True)
    assert (ada["roles"], ada["is_active"]) == (["editor", "staff"], True)
    assert (ada["created_at"], ada["last_login_at"]) == ("2020-02-29T12:00:00Z", None)
    assert (bob["email"], bob["email_verified"], bob["roles"], bob["is_active"]) == (None, False, [], False)
    assert bob["created_at"] == bob["updated_at"] == ada["updated_at"]


async def test_everybody_logs_in_with_the_old_password_and_has_a_hash_of_ours_then(service: Service) -> None:
    await imported(service, *(line(name, password_hash=stored) for name, stored in SCHEMES.items()))
    before = {row["username"]: row["password_hash"] for row in await dump(service)}

    for name in SCHEMES:
        await service.login(name, PASSWORD)
    after = {row["username"]: row["password_hash"] for row in await dump(service)}
    for name in SCHEMES:
        await service.login(name, PASSWORD)

    assert before == SCHEMES
    assert after.keys() == SCHEMES.keys()
    assert all(stored.startswith(OUR_HASH) for stored in after.values())
    assert {row["username"]: row["password_hash"] for row in await dump(service)} == after


async def test_a_disabled_user_is_imported_and_does_not_get_in(service: Service) -> None:
    await imported(service, line("ada", is_active=False))

    answer = await service.client.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})

    assert answer.status_code == 401


WRONG_LINES: list[dict[str, Any] | bytes] = [
    line("ada", email="ada@example.org"),
    b"nonsense",
    line("bob", password_hash="!unusable"),
    line("cy", password_hash=BCRYPT),
    line("dora@example.org"),
    line("ADA"),
    line("eve", email="Ada@Example.org"),
    line("fay", password_hash=ABSURD[3]),
    line("gil", roles=["editor"]),
]
THEIR_OUTCOMES = [
    (1, "imported", None),
    (2, "refused", "The line is not JSON."),
    (3, "refused", "The password hash is of no kind that Signet can verify."),
    (4, "refused", '"username": Use at least 3 characters.'),
    (5, "imported", None),
    (6, "refused", "Line 1 has the same username."),
    (7, "refused", "Line 1 has the same address."),
    (8, "refused", "The password hash is absurdly costly: it takes over five seconds or 1 GiB to verify."),
    (9, "imported", None),
]


async def test_of_a_file_with_wrong_lines_the_good_ones_are_in_and_the_wrong_ones_are_named(service: Service) -> None:
    reports = await imported(service, *WRONG_LINES)

    assert told(reports) == THEIR_OUTCOMES
    assert [row["username"] for row in await dump(service)] == ["ada", "dora", "gil"]


async def test_a_second_run_changes_nothing_and_tells_the_same_of_the_wrong_lines(service: Service) -> None:
    await imported(service, *WRONG_LINES)
    await service.login("ada", PASSWORD)  # so that one of the hashes is upgraded
    before = await dump(service)

    reports = await imported(service, *WRONG_LINES)

    assert told(reports) == [
        (1, "skipped", "The user is already here."),
        *THEIR_OUTCOMES[1:4],
        (5, "skipped", "The user is already here."),
        *THEIR_OUTCOMES[5:8],
        (9, "skipped", "A user of this name is already here."),
    ]
    assert await dump(service) == before


async def test_a_dry_run_tells_the_same_and_writes_nothing(service: Service) -> None:
    await imported(service, line("gil"))
    before = await dump(service)

    dry = await imported(service, *WRONG_LINES, dry_run=True)
    after_dry = await dump(service)
    wet = await imported(service, *WRONG_LINES)

    assert dry == wet
    assert told(dry)[-1] == (9, "skipped", "A user of this name is already here.")
    assert after_dry == before


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_the_size_of_a_batch_makes_no_difference(
    service: Service, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(importing, "_BATCH", size)

    reports = await imported(service, *WRONG_LINES)

    assert told(reports) == THEIR_OUTCOMES


async def test_absurd_costs_are_refused_and_no_hash_is_computed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []
    for name in ("verify", "hash"):
        monkeypatch.setattr(CryptContext, name, lambda *_, **__: computed.append("it was"))

    reports = await imported(service, *(line(f"user-{n}", password_hash=stored) for n, stored in enumerate(ABSURD)))

    assert {report.outcome for report in reports} == {Outcome.REFUSED}
    assert computed == []
    assert await dump(service) == []


async def test_what_another_user_has_is_refused_and_whose_it_is_stays(service: Service) -> None:
    await service.register("ada", email="ada@example.org")
    await service.register("bob")
    before = await dump(service)

    reports = await imported(
        service,
        line("ADA", email="else@example.org"),
        line("cecil", email="Ada@example.org"),
        line("bob", email="bob@example.org"),
        line("ada"),
        line("ada", email="ada@example.org"),
    )

    assert told(reports) == [
        (1, "refused", "Another user, without this address, has this username."),
        (2, "refused", "Another user has this address."),
        (3, "refused", "Another user, without this address, has this username."),
        (4, "skipped", "A user of this name is already here."),
        (5, "refused", "Line 4 has the same username."),
    ]
    assert await dump(service) == before


async def test_a_refused_line_keeps_nothing_from_a_later_one(service: Service) -> None:
    await service.register("ada", email="ada@example.org")

    reports = await imported(service, line("bob", email="ada@example.org"), line("bob", email="bob@example.org"))

    assert told(reports) == [(1, "refused", "Another user has this address."), (2, "imported", None)]


async def test_made_usernames_get_numbers_and_a_second_run_knows_them_by_their_addresses(service: Service) -> None:
    await service.register("info-2")
    addresses = [f"info@shop-{number}.example" for number in range(12)]
    lines = [line(address) for address in addresses]

    first = await imported(service, *lines, line("info-3"))
    before = await dump(service)
    second = await imported(service, *lines, line("info-3"))
    names = [report.username for report in first[:-1]]

    assert names[:8] == ["info", *(f"info-{number}" for number in range(3, 10))]
    assert len({*names}) == 12
    assert {row["email"]: row["username"] for row in before if row["email"]} == dict(zip(addresses, names, strict=True))
    assert told(first)[-1] == (13, "refused", "Line 2 has the same username.")
    assert {report.outcome for report in second[:-1]} == {Outcome.SKIPPED}
    assert told(second)[-1] == (13, "refused", "Line 2 has the same username.")
    assert await dump(service) == before


async def test_a_name_taken_between_the_question_and_the_insert_is_found_at_the_second_look(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register("ada")
    await service.register("bob", email="bob@example.org")
    users = service.services.user_import._users
    looked, list_keys = [], users.list_keys

    async def late(*given: Any) -> Any:
        looked.append(given)
        return await list_keys(*given) if len(looked) > 1 else []

    monkeypatch.setattr(users, "list_keys", late)

    reports = await imported(
        service,
        line("ada@example.org"),
        line("ada", email="a@example.org"),
        line("x-y", email="bob@example.org"),
        line("cecil"),
    )

    assert told(reports)[1:] == [
        (2, "refused", "Line 1 has the same username."),
        (3, "refused", "Another user has this address."),
        (4, "imported", None),
    ]
    assert (reports[0].outcome, reports[0].username) == (Outcome.IMPORTED, "ada-2")
    assert len(looked) == 2
    assert [row["username"] for row in await dump(service)] == ["ada", "ada-2", "bob", "cecil"]


async def test_names_that_others_go_on_taking_are_refused_in_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.register("ada")

    async def blind(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(service.services.user_import._users, "list_keys", blind)

    reports = await imported(service, line("ada"), line("bob"))

    assert told(reports) == [
        (1, "refused", "Others are taking the same names just now: run it again."),
        (2, "imported", None),
    ]


async def test_two_imports_of_one_file_at_once_import_everybody_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH", 5)
    lines = [line(f"user-{number}", email=f"user-{number}@example.org") for number in range(40)]
    await asyncio.gather(*(dump(service) for _ in range(4)))  # warms the pool

    first, second = await asyncio.gather(imported(service, *lines), imported(service, *lines))

    outcomes = [{one.outcome, other.outcome} for one, other in zip(first, second, strict=True)]
    assert outcomes == [{Outcome.IMPORTED, Outcome.SKIPPED}] * 40
    assert len(await dump(service)) == 40


async def test_what_was_told_before_the_database_went_away_stays_and_the_next_run_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH", 2)
    lines = [line(f"user-{number}") for number in range(5)]
    users = service.services.user_import._users
    insert_free = users.insert_free
    calls: list[int] = []

    async def lost_at_the_second(*given: Any) -> set[UUID]:
        calls.append(1)
        stored = await insert_free(*given)
        if len(calls) == 2:
            raise DatabaseUnavailableError
        return stored

    monkeypatch.setattr(users, "insert_free", lost_at_the_second)

    with pytest.raises(DatabaseUnavailableError):
        await imported(service, *lines)
    left = [row["username"] for row in await dump(service)]
    reports = await imported(service, *lines)

    assert left == ["user-0", "user-1"]
    assert [report.outcome.value for report in reports] == ["skipped", "skipped", "imported", "imported", "imported"]


async def test_an_import_is_one_event_with_the_number_of_users(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        service.services.user_import._audit,
        "record",
        lambda event, **more: recorded.append((event.value, more["count"])),
    )

    await imported(service, *WRONG_LINES, dry_run=True)
    await imported(service, *WRONG_LINES)
    await imported(service, *WRONG_LINES)

    assert recorded == [("users_imported", 3)]
