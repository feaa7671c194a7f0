"""Register."""

from fastapi import APIRouter

from app.api.account.schemas import User
from app.api.auth.schemas import RegisterRequest
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.services import Services
from app.api.responses import refusals

router = APIRouter()


@router.post(
    "/register",
    operation_id="register",
    status_code=201,
    summary="Register a new user",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 403, 409, 413, 415, 422, 503),
)
async def register(body: RegisterRequest, services: Services, client: ClientInfo) -> User:
    """Make a user.

    The password may hold any character; it is refused when it is common, breached or built from the name.
    """
    account = await services.registration.register(body.username, body.password, email=body.email, origin=client)
    return User.of(account)
