"""The HTML door: nothing from elsewhere, a page for every problem code, and the way on from the start page."""

import re

import pytest

import app.application  # noqa: F401  # brings every error with it
from app.errors import DomainError
from app.http.problems import status_of
from app.pages.problem_texts import PROBLEM_TEXTS
from tests.architecture.test_error_codes import every
from tests.support.service import Service

PAGES = ("/", "/docs", "/redoc", "/problems", "/problems/invalid_token")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_html_under_a_policy_that_allows_nobody_else(service: Service, path: str) -> None:
    answer = await service.client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "://" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "://" not in policy
    assert "unsafe-inline" not in re.sub(r"style-src[^;]*", "", policy)
    assert not re.search(r"<script(?![^>]*src=)", answer.text)


@pytest.mark.parametrize("path", PAGES)
async def test_whatever_a_page_loads_or_leads_to_is_there(service: Service, path: str) -> None:
    text = (await service.client.get(path)).text

    for target in set(re.findall(r'(?:href|src|spec-url)="([^"#]+)"', text)):
        assert (await service.client.get(target)).status_code == 200, target


def test_every_code_of_the_source_has_a_page_with_its_status() -> None:
    in_the_source = {(kind.code, status_of(kind)) for kind in every(DomainError) if getattr(kind, "code", None)}

    assert {(code, text.status) for code, text in PROBLEM_TEXTS.items()} == in_the_source


@pytest.mark.parametrize("code", PROBLEM_TEXTS)
async def test_a_problems_type_leads_to_its_page_for_people_and_machines(service: Service, code: str) -> None:
    for_people = await service.client.get(f"/problems/{code}", headers={"Accept": "text/html,*/*"})
    for_machines = await service.client.get(f"/problems/{code}", headers={"Accept": "application/json"})

    assert "What to do" in for_people.text
    assert for_machines.json()["code"] == code
    assert for_machines.json()["what_to_do"]


async def test_a_real_refusal_names_a_page_that_exists(service: Service) -> None:
    refused = await service.client.get("/api/v1/users/me")

    assert (await service.client.get(refused.json()["type"])).status_code == 200


async def test_an_unknown_code_has_no_page(service: Service) -> None:
    answer = await service.client.get("/problems/nonsense%3Cscript%3E")

    assert answer.status_code == 404
    assert "<script>" not in answer.text


async def test_redoc_gets_a_nonce_of_its_own_each_time(service: Service) -> None:
    pages = [await service.client.get("/redoc") for _ in range(2)]

    nonces = [re.findall(r'nonce" content="([^"]+)"', page.text)[0] for page in pages]
    assert nonces[0] != nonces[1]
    assert all(
        f"'nonce-{nonce}'" in page.headers["content-security-policy"] for nonce, page in zip(nonces, pages, strict=True)
    )
