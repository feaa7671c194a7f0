"""For whoever keeps the process running (unauthenticated, unlogged)."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.api.dependencies.services import Services

router = APIRouter()


class Alive(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class CheckResult(BaseModel):
    """One part."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """Every part by name."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, CheckResult]


@router.get("/livez", operation_id="livez", summary="Is the process alive?")
async def livez() -> Alive:
    """Answers while the process runs; asks nothing else."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it serve?",
    responses={503: {"model": Readiness, "description": "The failing part is named."}},
)
async def readyz(services: Services, response: Response) -> Readiness:
    """Ready only when migrations are at head, the database commits, keys are loaded and revocations are fresh."""
    checks = await services.readiness.checks()
    ready = all(check.ok for check in checks.values())
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return Readiness(
        status="ready" if ready else "not_ready",
        checks={name: CheckResult(ok=check.ok, detail=check.detail) for name, check in checks.items()},
    )
