"""Log out: this session, or all of them."""

from fastapi import APIRouter, Request, Response

from app.api.auth.schemas import LogoutRequest
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.current_user import DESCRIBED, CurrentClaims, optional_claims
from app.api.dependencies.services import Services
from app.api.responses import refusals
from app.domain.sessions.session import EndReason
from app.http.errors import NotAuthenticatedError

router = APIRouter()


@router.post(
    "/logout",
    operation_id="logout",
    status_code=204,
    response_class=Response,
    summary="End this session",
    dependencies=[JSON_ONLY, *DESCRIBED],
    responses=refusals(400, 401, 413, 415, 422, 503),
)
async def logout(request: Request, services: Services, client: ClientInfo, body: LogoutRequest | None = None) -> None:
    """End the session of the refresh token in the body, or else of the bearer token. Its access tokens die with it."""
    if body is not None and body.refresh_token is not None:
        await services.session_endings.logout_with_refresh_token(body.refresh_token, origin=client)
        return
    claims = await optional_claims(request, services)
    if claims is None:
        raise NotAuthenticatedError
    await services.session_endings.logout(claims.session_id, origin=client)


@router.post(
    "/logout-all",
    operation_id="logout_all",
    status_code=204,
    response_class=Response,
    summary="End every session of the user",
    dependencies=[*DESCRIBED],
    responses=refusals(401, 503),
)
async def logout_all(claims: CurrentClaims, services: Services, client: ClientInfo) -> None:
    """End every session, this one too, and refuse every access token issued until now."""
    await services.activation.sign_out_everywhere(
        claims.subject, EndReason.LOGOUT_ALL, actor_id=claims.subject, origin=client
    )
