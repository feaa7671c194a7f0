"""Users, as administrators see and change them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.api.account.schemas import Session, User
from app.api.admin.schemas import UserChangeRequest
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.content_type import JSON_ONLY
from app.api.dependencies.current_user import DESCRIBED
from app.api.dependencies.page_cursors import PageCursors
from app.api.dependencies.permissions import requires
from app.api.dependencies.services import Services
from app.api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page
from app.api.responses import refusals
from app.domain.accounts.account import ADMIN, Account, UserFilter
from app.domain.accounts.errors import UserNotFoundError
from app.domain.sessions.session import EndReason
from app.ids import parse_id

router = APIRouter(prefix="/users", dependencies=[*DESCRIBED])
Administrator = Annotated[Account, Depends(requires(role=ADMIN))]
_USERS = "users"


async def parsed_user_id(user_id: str) -> UUID:
    """The id in the path; one that does not parse is nobody's."""
    wanted = parse_id(user_id)
    if wanted is None:
        raise UserNotFoundError
    return wanted


UserId = Annotated[UUID, Depends(parsed_user_id)]


@router.get("", operation_id="list_users", summary="List users", responses=refusals(400, 401, 403, 422, 503))
async def list_users(
    _administrator: Administrator,
    services: Services,
    *,
    search: Annotated[str | None, Query(max_length=320, description="Part of the username or the address.")] = None,
    role: Annotated[str | None, Query(max_length=64)] = None,
    is_active: Annotated[bool | None, Query()] = None,
    cursors: PageCursors,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[User]:
    """In the order in which they came."""
    after = cursors.position(cursor, of=_USERS)
    accounts = await services.profiles.list_page(UserFilter(search, role, is_active), after=after, limit=limit + 1)
    return Page(
        items=[User.of(account) for account in accounts[:limit]],
        next_cursor=cursors.after([account.id for account in accounts], limit, of=_USERS),
    )


@router.get("/{user_id}", operation_id="get_user", summary="A user", responses=refusals(401, 403, 404, 503))
async def get_user(_administrator: Administrator, user_id: UserId, services: Services) -> User:
    """One user."""
    return User.of(await services.profiles.get(user_id))


@router.patch(
    "/{user_id}",
    operation_id="change_user",
    summary="Change a user's names",
    dependencies=[JSON_ONLY],
    responses=refusals(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
async def change_user(
    body: UserChangeRequest, administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo
) -> User:
    """What is left out stays."""
    given = body.model_dump(exclude_unset=True)
    return User.of(await services.profiles.change(user_id, given=given, actor_id=administrator.id, origin=client))


@router.delete(
    "/{user_id}",
    operation_id="delete_user",
    status_code=204,
    response_class=Response,
    summary="Delete a user",
    responses=refusals(401, 403, 404, 409, 503),
)
async def delete_user(administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo) -> None:
    """Every session ends, and everything that is known about the person is deleted."""
    await services.closure.close(user_id, actor_id=administrator.id, origin=client)


@router.post(
    "/{user_id}/disable",
    operation_id="disable_user",
    summary="Disable a user",
    responses=refusals(401, 403, 404, 409, 503),
)
async def disable_user(administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo) -> User:
    """Every session ends and every token is refused until the user is enabled again."""
    return User.of(await services.activation.disable(user_id, actor_id=administrator.id, origin=client))


@router.post(
    "/{user_id}/enable", operation_id="enable_user", summary="Enable a user", responses=refusals(401, 403, 404, 503)
)
async def enable_user(administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo) -> User:
    """The user may log in again; what was ended stays ended."""
    return User.of(await services.activation.enable(user_id, actor_id=administrator.id, origin=client))


@router.post(
    "/{user_id}/logout",
    operation_id="logout_user",
    status_code=204,
    response_class=Response,
    summary="End every session of a user",
    responses=refusals(401, 403, 404, 503),
)
async def logout_user(administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo) -> None:
    """Every session ends, and every access token issued until now is refused."""
    await services.activation.sign_out_everywhere(
        user_id, EndReason.ENDED_BY_ADMIN, actor_id=administrator.id, origin=client
    )


@router.get(
    "/{user_id}/sessions",
    operation_id="list_user_sessions",
    summary="A user's sessions",
    responses=refusals(400, 401, 403, 404, 422, 503),
)
async def list_user_sessions(
    _administrator: Administrator,
    user_id: UserId,
    services: Services,
    *,
    ended: Annotated[bool, Query(description="Also those that have ended, with the reason.")] = False,
    cursors: PageCursors,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Session]:
    """Newest first."""
    await services.profiles.get(user_id)
    name = f"sessions:{user_id}"
    before = cursors.position(cursor, of=name)
    sessions = await services.session_endings.list_page(user_id, ended=ended, before=before, limit=limit + 1)
    return Page(
        items=[Session.of(session, current=None) for session in sessions[:limit]],
        next_cursor=cursors.after([session.id for session in sessions], limit, of=name),
    )


@router.put(
    "/{user_id}/roles/{role}",
    operation_id="grant_role",
    summary="Give a role",
    responses=refusals(401, 403, 404, 409, 503),
)
async def grant_role(
    role: str, administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo
) -> User:
    """It is in the user's next token."""
    return User.of(await services.roles.grant(user_id, role, actor_id=administrator.id, origin=client))


@router.delete(
    "/{user_id}/roles/{role}",
    operation_id="take_role",
    summary="Take a role away",
    responses=refusals(401, 403, 404, 409, 503),
)
async def take_role(
    role: str, administrator: Administrator, user_id: UserId, services: Services, client: ClientInfo
) -> User:
    """Every live access token of the user is refused; the sessions go on, and the next refresh brings what is left."""
    return User.of(await services.roles.take(user_id, role, actor_id=administrator.id, origin=client))
