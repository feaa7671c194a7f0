"""Decodes the bearer JWT and injects who is calling: `CurrentClaims` without a query, `CurrentUser` with one."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer, OAuth2PasswordBearer

from app.api.dependencies.client_info import client_info
from app.api.dependencies.services import Services
from app.domain.accounts.account import Account
from app.domain.audit.events import Event
from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError
from app.http.bearer import presented_token
from app.http.errors import NotAuthenticatedError

_FORM = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    scheme_name="Password",
    description="Log in with username and password; after the token has expired, authorize again.",
    auto_error=False,
)
_PASTE = HTTPBearer(scheme_name="Bearer", description="Paste an access token.", auto_error=False)
DESCRIBED = (Depends(_FORM), Depends(_PASTE))
"""For the document alone: what these two read is read by `presented_token`, by the contract's rules."""


async def optional_claims(request: Request, services: Services) -> AccessClaims | None:
    """What the caller's access token says, verified; None when none came.

    Raises:
        TokenExpiredError, InvalidTokenError: one came, and it is bad.
        UnavailableError: whether it was revoked cannot be known now.
    """
    presented = presented_token(request.scope["headers"], extra_header=services.extra_header)
    if presented is None:
        return None
    try:
        claims = await services.verifier.verify(presented)
    except InvalidTokenError as error:
        origin = await client_info(request)
        services.audit.record(Event.TOKEN_REFUSED, outcome="failure", origin=origin, reason=error.reason)
        raise
    request.scope["state"]["user_id"] = str(claims.subject)
    return claims


OptionalClaims = Annotated[AccessClaims | None, Depends(optional_claims)]


async def current_claims(claims: OptionalClaims) -> AccessClaims:
    """What the caller's access token says; no query.

    Raises:
        NotAuthenticatedError: none came. Else as `optional_claims`.
    """
    if claims is None:
        raise NotAuthenticatedError
    return claims


CurrentClaims = Annotated[AccessClaims, Depends(current_claims)]


async def current_user(claims: CurrentClaims, services: Services) -> Account:
    """The caller as they are now: one query.

    Raises:
        InvalidTokenError: they may have no tokens any more. Else as `current_claims`.
    """
    user = await services.profiles.find_current(claims.subject)
    if user is None:
        raise InvalidTokenError("user_may_have_no_tokens")
    return user


CurrentUser = Annotated[Account, Depends(current_user)]
