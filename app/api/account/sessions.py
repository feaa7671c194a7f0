"""The current user's devices: see them, end one."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.account.schemas import Session
from app.api.dependencies.client_info import ClientInfo
from app.api.dependencies.current_user import DESCRIBED, CurrentClaims, CurrentUser
from app.api.dependencies.page_cursors import PageCursors
from app.api.dependencies.services import Services
from app.api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page
from app.api.responses import refusals
from app.domain.sessions.errors import SessionNotFoundError
from app.ids import parse_id

router = APIRouter(prefix="/sessions", dependencies=[*DESCRIBED])
_LIST = "my-sessions"


@router.get(
    "", operation_id="list_my_sessions", summary="Your signed-in devices", responses=refusals(400, 401, 422, 503)
)
async def list_my_sessions(
    claims: CurrentClaims,
    user: CurrentUser,
    services: Services,
    *,
    ended: Annotated[bool, Query(description="Also those that have ended, with the reason.")] = False,
    cursors: PageCursors,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Session]:
    """Newest first."""
    before = cursors.position(cursor, of=_LIST)
    sessions = await services.session_endings.list_page(user.id, ended=ended, before=before, limit=limit + 1)
    return Page(
        items=[Session.of(session, current=claims.session_id) for session in sessions[:limit]],
        next_cursor=cursors.after([session.id for session in sessions], limit, of=_LIST),
    )


@router.delete(
    "/{session_id}",
    operation_id="end_my_session",
    status_code=204,
    response_class=Response,
    summary="End one of your sessions",
    responses=refusals(401, 404, 503),
)
async def end_my_session(session_id: str, user: CurrentUser, services: Services, client: ClientInfo) -> None:
    """Its access tokens are refused at once."""
    wanted = parse_id(session_id)
    if wanted is None:
        raise SessionNotFoundError
    await services.session_endings.end_own(user.id, wanted, origin=client)
