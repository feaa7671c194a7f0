"""Refresh: rotate the refresh token and get a fresh access token."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.api.auth.schemas import RefreshRequest, TokenPair
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.services import Services
from app.api.responses import refusals
from app.http.idempotency import HEADER, presented_idempotency_key

router = APIRouter()


async def idempotency_key(request: Request) -> str | None:
    """The key of the request, if one came."""
    return presented_idempotency_key(request.scope["headers"])


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


@router.post(
    "/refresh",
    operation_id="refresh",
    summary="Rotate a refresh token",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 413, 415, 422, 503),
    openapi_extra={
        "parameters": [
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 22, "maxLength": 128, "pattern": "^[!-~]+$"},
                "description": (
                    "A random key for this rotation. All that send the same refresh token send the same key, a new one "
                    "for each rotation; store it before you send. Never derive it from the token. A retry with it gets "
                    "the same successor however late it comes."
                ),
            }
        ]
    },
)
async def refresh(body: RefreshRequest, services: Services, client: ClientInfo, key: IdempotencyKey) -> TokenPair:
    """Each refresh token works once; a retry within a minute (a lost answer, two tabs) gets the same successor.

    A used token that comes back later, or after its successor was used, ends the session, for it may have been stolen:
    let one request refresh at a time, and have the others wait for its answer.
    """
    return TokenPair.of(await services.sessions.refresh(body.refresh_token, idempotency_key=key, origin=client))
