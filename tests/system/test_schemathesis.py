"""Requests made from the OpenAPI document, good ones and bad ones: no 5xx, and every answer is as it is documented."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.processes import PASSWORD, Server, environment, serving
from tests.support.service import bearer

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}
EXAMPLES = 15
Operation = APIOperation[Any, Any, Any, Any]


def ask_at_random(operation: Operation, mode: GenerationMode, headers: dict[str, str]) -> int:
    """Send requests of one kind to one route, check each answer, and count them."""
    asked = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        nonlocal asked
        case.call_and_validate(headers=headers, checks=CHECKS)
        asked += 1

    ask()
    return asked


def takes_anything(operation: Operation) -> bool:
    """Whether there is something about a request that could be wrong."""
    return bool(operation.body or operation.query or operation.path_parameters or operation.headers)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("as_administrator", [False, True], ids=["anonymous", "administrator"])
async def test_requests_made_from_the_document_are_answered_as_documented(
    tmp_path: Path, mode: str, *, as_administrator: bool
) -> None:
    env = environment(None, tmp_path / "data", LOG__ACCESS="false")
    async with serving(lambda: Server(env, tmp_path)) as (server,):
        made = await server.command("users", "create", "root", "--admin", "--password-stdin", given=PASSWORD)
        assert made.code == 0, made.err
        schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"{server.client.base_url}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        counts: dict[str, int] = {}

        for operation in operations:
            if mode == "bad" and not takes_anything(operation):
                continue
            # Each route is asked with a session of its own: some of them end it.
            headers = bearer((await server.login("root"))["access_token"]) if as_administrator else {}
            counts[operation.label] = await asyncio.to_thread(ask_at_random, operation, MODES[mode], headers)

    assert len(operations) >= 28
    assert sum(counts.values()) >= EXAMPLES * 10
