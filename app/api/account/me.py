"""The current user: see, change the address, change the password, leave."""

from fastapi import APIRouter, Response

from app.api.account.schemas import CurrentPasswordRequest, EmailChangeRequest, PasswordChangeRequest, User
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.current_user import DESCRIBED, CurrentClaims, CurrentUser
from app.api.dependencies.services import Services
from app.api.responses import refusals

router = APIRouter(dependencies=[*DESCRIBED])


@router.get("", operation_id="get_me", summary="The current user", responses=refusals(401, 503))
async def get_me(user: CurrentUser) -> User:
    """Who you are, as you are now."""
    return User.of(user)


@router.patch(
    "",
    operation_id="change_my_email",
    summary="Change your e-mail address",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 503),
)
async def change_my_email(body: EmailChangeRequest, user: CurrentUser, services: Services, client: ClientInfo) -> User:
    """The new address is unverified. `null` removes it."""
    account = await services.profiles.change_own_email(
        user.id, body.email, current_password=body.current_password, origin=client
    )
    return User.of(account)


@router.post(
    "/password",
    operation_id="change_my_password",
    status_code=204,
    response_class=Response,
    summary="Change your password",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 403, 413, 415, 422, 503),
)
async def change_my_password(
    body: PasswordChangeRequest, claims: CurrentClaims, user: CurrentUser, services: Services, client: ClientInfo
) -> None:
    """Every other session ends; this one goes on."""
    await services.password_change.change(
        user,
        claims.session_id,
        current_password=body.current_password,
        new_password=body.new_password,
        origin=client,
    )


@router.delete(
    "",
    operation_id="delete_me",
    status_code=204,
    response_class=Response,
    summary="Delete your account",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 503),
)
async def delete_me(body: CurrentPasswordRequest, user: CurrentUser, services: Services, client: ClientInfo) -> None:
    """Every session ends, and everything that is known about you is deleted."""
    await services.closure.close_own(user.id, current_password=body.current_password, origin=client)
