"""The OAuth form route, as the Authorize button of the docs page sends it (RFC 6749 sections 4.3 and 6).

It answers errors in RFC 6749's own JSON (section 5.2); only what is refused before any route is reached (a body over
64 KiB, another method) is a problem document here too.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from app.api.auth.schemas import TokenPair
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import FORM, media_type
from app.api.dependencies.services import Services
from app.api.responses import refusals
from app.domain.accounts.errors import InvalidCredentialsError
from app.domain.audit.origin import Origin
from app.domain.sessions.errors import InvalidRefreshTokenError
from app.errors import UnavailableError
from app.http.basic import presented_basic
from app.http.errors import InvalidIdempotencyKeyError
from app.http.idempotency import presented_idempotency_key

router = APIRouter()
_TEXT = {"type": "string"}
_SECRET = {"type": "string", "format": "password"}
_FORM_SCHEMA = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password", "refresh_token"]},
        "username": {**_TEXT, "example": "ada"},
        "password": {**_SECRET, "example": "correct horse battery staple"},
        "scope": {**_TEXT, "example": "account"},
        "refresh_token": _SECRET,
    },
}
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": _TEXT, "error_description": _TEXT},
}
_DESCRIPTIONS = {
    400: "`invalid_grant`, `invalid_request` or `unsupported_grant_type`.",
    401: "`invalid_client`: client credentials came that nobody here has.",
    415: "`invalid_request`: the body is not a form.",
    503: "`temporarily_unavailable`: come back after `Retry-After` seconds.",
}


class _OAuthError(Exception):
    """An error in RFC 6749's terms. The description keeps to the characters section 5.2 allows."""

    def __init__(self, error: str, description: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.answer = JSONResponse({"error": error, "error_description": description}, status, headers)


@router.post(
    "/token",
    operation_id="token",
    summary="Log in or refresh with a form",
    response_model=TokenPair,
    responses={
        **{
            status: {"description": text, "content": {"application/json": {"schema": _ERROR_SCHEMA}}}
            for status, text in _DESCRIPTIONS.items()
        },
        **refusals(413),
    },
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _FORM_SCHEMA}}}},
)
async def token(request: Request, services: Services, client: ClientInfo) -> TokenPair | JSONResponse:
    """The same as `login` and `refresh`, for clients that speak OAuth's forms."""
    try:
        return await _grant(request, services, client)
    except _OAuthError as error:
        return error.answer
    except (InvalidCredentialsError, InvalidRefreshTokenError) as error:
        return _OAuthError("invalid_grant", error.title).answer
    except InvalidIdempotencyKeyError as error:
        return _OAuthError("invalid_request", error.title).answer
    except UnavailableError as error:
        return _OAuthError("temporarily_unavailable", error.title, 503, {"Retry-After": str(error.retry_after)}).answer


async def _grant(request: Request, services: Services, client: Origin) -> TokenPair:
    basic = presented_basic(request.scope["headers"])
    if basic is not None and (basic.name or basic.password):  # Swagger UI sends an empty one
        raise _OAuthError(
            "invalid_client", "The client is not known.", 401, {"WWW-Authenticate": 'Basic realm="signet"'}
        )
    if media_type(request) != FORM:
        raise _OAuthError("invalid_request", "The body must be a form: application/x-www-form-urlencoded.", 415)
    form = await _form(request)
    match _one(form, "grant_type"):
        case "password":
            tokens = await services.login.with_password(
                _required(form, "username"), _required(form, "password"), scope=_one(form, "scope"), origin=client
            )
        case "refresh_token":
            key = presented_idempotency_key(request.scope["headers"])
            tokens = await services.sessions.refresh(
                _required(form, "refresh_token"), idempotency_key=key, origin=client
            )
        case None:
            raise _OAuthError("invalid_request", "The parameter grant_type is missing.")
        case _:
            raise _OAuthError("unsupported_grant_type", "grant_type must be password or refresh_token.")
    return TokenPair.of(tokens)


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=0, max_fields=50)
    except HTTPException:
        raise _OAuthError("invalid_request", "The form cannot be read, or has too many fields.") from None


def _one(form: FormData, name: str) -> str | None:
    """RFC 6749 section 3.2: a parameter must not come twice; without a value it counts as left out."""
    values = form.getlist(name)
    if len(values) > 1:
        raise _OAuthError("invalid_request", f"The parameter {name} came more than once.")
    return values[0] or None if values and isinstance(values[0], str) else None


def _required(form: FormData, name: str) -> str:
    value = _one(form, name)
    if value is None:
        raise _OAuthError("invalid_request", f"The parameter {name} is missing.")
    return value
