"""The extra header that may carry the access token, when the operator has set one."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.support import Person, assert_problem, person
from tests.support.service import Service, running, settings_for_tests

ME = "/api/v1/users/me"


@pytest.fixture(scope="module")
async def with_header(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service that reads `X-Token` as well."""
    folder = tmp_path_factory.mktemp("extra")
    shutil.copy(sqlite_template, folder / "signet.db")
    url = f"sqlite:///{folder / 'signet.db'}"
    async with running(settings_for_tests(url, folder, tokens={"extra_header": "X-Token"})) as started:
        yield started


@pytest.fixture
async def user(with_header: Service) -> Person:
    return await person(with_header)


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "  {}  "])
async def test_the_extra_header_carries_the_token_bare_or_with_its_scheme(
    with_header: Service, user: Person, form: str
) -> None:
    answer = await with_header.client.get(ME, headers={"x-tOKEN": form.format(user.access_token)})

    assert answer.status_code == 200


async def test_the_extra_header_is_read_only_where_no_authorization_came(with_header: Service, user: Person) -> None:
    extra = ("X-Token", user.access_token)

    other_scheme = await with_header.client.get(ME, headers=[extra, ("Authorization", "Basic eDp5")])
    bad_token = await with_header.client.get(ME, headers=[extra, ("Authorization", "Bearer x")])
    empty = await with_header.client.get(ME, headers=[extra, ("Authorization", "")])

    assert_problem(other_scheme, 401, "not_authenticated")
    assert_problem(bad_token, 401, "invalid_token")
    assert_problem(empty, 401, "not_authenticated")


async def test_a_bad_token_beside_a_good_authorization_is_not_looked_at(with_header: Service, user: Person) -> None:
    headers = {"X-Token": "x", "Authorization": f"Bearer {user.access_token}"}

    assert (await with_header.client.get(ME, headers=headers)).status_code == 200


async def test_two_extra_headers_count_as_none(with_header: Service, user: Person) -> None:
    answer = await with_header.client.get(ME, headers=[("X-Token", user.access_token)] * 2)

    assert_problem(answer, 401, "not_authenticated")


@pytest.mark.parametrize(
    ("value", "code"), [("", "not_authenticated"), ("Bearer", "invalid_token"), ("x", "invalid_token")]
)
async def test_an_extra_header_that_carries_no_good_token_is_refused(
    with_header: Service, value: str, code: str
) -> None:
    assert_problem(await with_header.client.get(ME, headers={"X-Token": value}), 401, code)


async def test_without_the_setting_the_extra_header_is_nothing(door: Service) -> None:
    user = await person(door)

    assert_problem(await door.client.get(ME, headers={"X-Token": user.access_token}), 401, "not_authenticated")
