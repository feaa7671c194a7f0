"""Nobody learns from an answer who exists: status, body, headers and time are the same for known and unknown people."""

import math
from pathlib import Path
from statistics import NormalDist
from time import perf_counter

import httpx
import pytest

from tests.api.support import PASSWORD, Person, person
from tests.support.service import Service, bearer, running, settings_for_tests

WRONG = "not the engine of differences"
SAMPLES = 120
ROUNDS = 3
SURELY_DIFFERENT = 0.01


def told(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer says, but the request's own id."""
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "x-request-id"}


async def login(service: Service, username: str, password: str = WRONG) -> httpx.Response:
    return await service.client.post("/api/v1/auth/login", json={"username": username, "password": password})


async def disabled(service: Service) -> Person:
    """Somebody who was disabled, with the tokens from before."""
    user = await person(service)
    root = await service.administrator()
    answer = await service.client.post(f"/api/v1/users/{user.id}/disable", headers=bearer(root["access_token"]))
    assert answer.status_code == 200
    return user


async def test_a_login_is_refused_in_the_same_words_whoever_it_is(service: Service) -> None:
    known, barred = await person(service, email="ada@example.org"), await disabled(service)
    attempts = [
        (known.username, WRONG),
        ("ada@example.org", WRONG),
        ("nobody", WRONG),
        ("nobody@example.org", WRONG),
        ("no name at all", WRONG),
        (barred.username, WRONG),
        (barred.username, PASSWORD),
    ]

    answers = [told(await login(service, *attempt)) for attempt in attempts]

    assert answers[0][0] == 401
    assert [answer for answer in answers if answer != answers[0]] == []


async def test_a_form_login_is_refused_in_the_same_words_whoever_it_is(service: Service) -> None:
    known, barred = await person(service), await disabled(service)
    forms = [
        {"grant_type": "password", "username": username, "password": password}
        for username, password in (("nobody", WRONG), (known.username, WRONG), (barred.username, PASSWORD))
    ]

    answers = [told(await service.client.post("/api/v1/auth/token", data=form)) for form in forms]

    assert answers[0][0] == 400
    assert [answer for answer in answers if answer != answers[0]] == []


async def test_a_refresh_token_is_refused_in_the_same_words_whatever_is_wrong_with_it(service: Service) -> None:
    ended, deleted, living = await person(service), await person(service), await person(service)
    barred = await disabled(service)
    await ended.ask("POST", "/auth/logout")
    await deleted.ask("DELETE", "/users/me", json={"current_password": PASSWORD})
    genuine = living.tokens["refresh_token"]
    changed = genuine[:-2] + ("A" if genuine[-2] != "A" else "B") + genuine[-1]
    people = [person.tokens["refresh_token"] for person in (ended, deleted, barred)]

    answers = [
        told(await service.refresh(presented))
        for presented in (*people, changed, "sgr_" + "A" * (len(genuine) - 4), "sgr_", "nothing of ours", "")
    ]

    assert answers[0][0] == 401
    assert [answer for answer in answers if answer != answers[0]] == []
    assert (await living.refresh()).status_code == 200


async def test_a_registration_answers_a_taken_name_and_a_free_one_with_the_same_headers(service: Service) -> None:
    user = await person(service)

    taken = await service.client.post("/api/v1/auth/register", json={"username": user.username, "password": WRONG})
    free = await service.client.post("/api/v1/auth/register", json={"username": "free", "password": WRONG})

    assert (taken.status_code, free.status_code) == (409, 201)
    assert set(taken.headers) == set(free.headers)


def likelihood_of_one_source(first: list[float], second: list[float]) -> float:
    """The p-value of a two-sided Mann-Whitney U test, by its normal approximation (good from twenty samples on)."""
    ranked = sorted((value, source) for source, values in enumerate((first, second)) for value in values)
    ranks = sum(rank for rank, (_, source) in enumerate(ranked, start=1) if source == 0)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return 2 * NormalDist().cdf(-abs(z))


async def seconds(service: Service, usernames: list[str]) -> list[list[float]]:
    """How long log-ins of each take, in turns that begin with another one each time, so that noise meets all alike."""
    taken: list[list[float]] = [[] for _ in usernames]
    for turn in range(SAMPLES):
        for step in range(len(usernames)):
            which = (turn + step) % len(usernames)
            began = perf_counter()
            answer = await login(service, usernames[which])
            taken[which].append(perf_counter() - began)
            assert answer.status_code == 401
    return taken


async def looks_different(service: Service, known: str, other: str) -> bool:
    """Whether refusals of `other` take another time than those of `known` in every round, and `known`'s own do not."""
    for _ in range(ROUNDS):
        first, second, others = await seconds(service, [known, known, other])
        noise = likelihood_of_one_source(first, second)
        if likelihood_of_one_source(first + second, others) >= min(SURELY_DIFFERENT, noise):
            return False
    return True


def test_the_comparison_sees_a_difference_of_a_tenth_and_none_where_there_is_none() -> None:
    quick = [1 + (7919 * n % 101) / 1000 for n in range(SAMPLES)]
    alike = [1 + (104729 * n % 101) / 1000 for n in range(SAMPLES)]

    assert likelihood_of_one_source(quick, alike) > SURELY_DIFFERENT
    assert likelihood_of_one_source(quick, [value * 1.1 for value in alike]) < SURELY_DIFFERENT


@pytest.mark.parametrize("kind", ["unknown", "disabled"])
async def test_a_login_is_refused_in_the_same_time_whoever_it_is(database_url: str, tmp_path: Path, kind: str) -> None:
    costly = {"argon2_memory_kib": 1024, "argon2_time_cost": 2}
    async with running(settings_for_tests(database_url, tmp_path, passwords=costly)) as service:
        known = (await person(service)).username
        other = (await disabled(service)).username if kind == "disabled" else "nobody"
        await seconds(service, [known, other])

        different = await looks_different(service, known, other)

    assert not different
