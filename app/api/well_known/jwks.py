"""The public signing keys (RFC 7517)."""

from fastapi import APIRouter, Request, Response

from app.api.dependencies.services import Services
from app.domain.keys.jwks import jwks_document

router = APIRouter()


@router.get(
    "/.well-known/jwks.json",
    operation_id="jwks",
    summary="Public signing keys",
    response_class=Response,
    responses={
        200: {"description": "The keys (RFC 7517).", "content": {"application/json": {"schema": {"type": "object"}}}},
        304: {"description": "Nothing has changed since the ETag that came in If-None-Match."},
    },
)
async def jwks(request: Request, services: Services) -> Response:
    """Every key that may have signed a live token, and the next one."""
    document = jwks_document(services.keyring.published(services.clock.now()))
    max_age = int(services.settings.keys.jwks_max_age.total_seconds())
    headers = {"ETag": document.etag, "Cache-Control": f"public, max-age={max_age}"}
    asked = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if document.etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type="application/json")
