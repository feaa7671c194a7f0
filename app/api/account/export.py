"""The current user's data, all of it."""

from typing import Any

from fastapi import APIRouter, Response

from app.api.account.export_schemas import OwnDataResponse
from app.api.dependencies.current_user import DESCRIBED, CurrentClaims
from app.api.dependencies.services import Services
from app.api.responses import refusals
from app.domain.tokens.errors import InvalidTokenError

router = APIRouter(prefix="/export", dependencies=[*DESCRIBED])
_AS_A_FILE = {"Content-Disposition": 'attachment; filename="signet-export.json"', "Cache-Control": "no-store"}
_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"model": OwnDataResponse}, **refusals(401, 503)}


@router.get("", operation_id="export_me", summary="Everything that is held about you", responses=_RESPONSES)
async def export_me(claims: CurrentClaims, services: Services) -> Response:
    """You, your sessions with those that have ended, and what refuses tokens of yours, as of one moment; a file."""
    own = await services.own_data.collect(claims.subject)
    if own is None:
        raise InvalidTokenError("user_may_have_no_tokens")
    text = OwnDataResponse.of(own).model_dump_json(indent=2) + "\n"
    return Response(text, media_type="application/json", headers=_AS_A_FILE)
