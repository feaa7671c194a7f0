"""Every route asks for a token, except those that are listed here: a new public route must be added by hand."""

import re
from pathlib import Path

import httpx
from fastapi.routing import iter_route_contexts

from app.application import create_api
from tests.support.service import running, settings_for_tests

PUBLIC = {
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/refresh",
    "GET /.well-known/jwks.json",
    "GET /livez",
    "GET /readyz",
    "GET /",
    "GET /docs",
    "GET /redoc",
    "GET /problems",
    "GET /problems/{code}",
    "GET /openapi.json",
    "GET /static",
}


async def test_a_route_without_a_guard_is_listed(database_url: str, tmp_path: Path) -> None:
    async with running(settings_for_tests(database_url, tmp_path)) as service:
        routes = {
            (method, str(route.path))
            for route in iter_route_contexts(create_api(service.services).routes)
            for method in sorted(getattr(route, "methods", None) or {"GET"})
            if method != "HEAD"
        }

        unguarded = {
            f"{method} {path}"
            for method, path in routes
            if not asks_for_a_token(await service.client.request(method, re.sub(r"\{\w+\}", "x", path)))
        }

    assert len(routes) > len(PUBLIC) + 20
    assert unguarded == PUBLIC


def asks_for_a_token(answer: httpx.Response) -> bool:
    """Whether the route refuses whoever brings nothing, before it looks at anything else."""
    return answer.status_code == 401 and answer.json()["code"] == "not_authenticated"
