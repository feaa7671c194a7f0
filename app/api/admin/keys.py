"""Signing keys, as administrators see and rotate them."""

from fastapi import APIRouter

from app.api.admin.schemas import RotateRequest, SigningKey, SigningKeys
from app.api.admin.users import Administrator
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.current_user import DESCRIBED
from app.api.dependencies.services import Services
from app.api.responses import refusals

router = APIRouter(prefix="/keys", dependencies=[*DESCRIBED])


@router.get("", operation_id="list_keys", summary="Signing keys", responses=refusals(401, 403, 503))
async def list_keys(_administrator: Administrator, services: Services) -> SigningKeys:
    """Each key's life, oldest first."""
    return SigningKeys(items=[SigningKey.of(key) for key in await services.keys.list_keys()])


@router.post(
    "/rotate",
    operation_id="rotate_keys",
    summary="Rotate the signing key",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 403, 413, 415, 422, 503),
)
async def rotate_keys(
    _administrator: Administrator, services: Services, body: RotateRequest | None = None
) -> SigningKeys:
    """The next key signs as soon as it has been public long enough; with `now`, at once."""
    await services.keys.rotate(now_=body.now if body else False)
    return SigningKeys(items=[SigningKey.of(key) for key in await services.keys.list_keys()])
