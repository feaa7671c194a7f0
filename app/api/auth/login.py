"""Log in with JSON, or with HTTP Basic and no body."""

from fastapi import APIRouter, Request

from app.api.auth.schemas import LoginRequest, TokenPair
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.services import Services
from app.api.responses import refusals
from app.errors import BrokenRule, RuleViolationError
from app.http.basic import presented_basic

router = APIRouter()
_NOTHING_CAME = BrokenRule(
    ("body",), "Send a JSON body with username and password, or HTTP Basic credentials.", "missing"
)


@router.post(
    "/login",
    operation_id="login",
    summary="Log in",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 413, 415, 422, 503),
)
async def login(
    request: Request, services: Services, client: ClientInfo, body: LoginRequest | None = None
) -> TokenPair:
    """Open a session and hand out its tokens. Without a body, `Authorization: Basic …` is read instead."""
    if body is not None:
        identifier, password, scope = body.username, body.password, body.scope
    elif basic := presented_basic(request.scope["headers"]):
        identifier, password, scope = basic.name, basic.password, None
    else:
        raise RuleViolationError(broken=(_NOTHING_CAME,))
    return TokenPair.of(await services.login.with_password(identifier, password, scope=scope, origin=client))
