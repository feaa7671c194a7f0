"""Guards a route by role or scope."""

from collections.abc import Awaitable, Callable

from app.api.dependencies.current_user import CurrentClaims, CurrentUser
from app.domain.accounts.account import Account
from app.http.errors import InsufficientScopeError


def requires(*, role: str | None = None, scope: str | None = None) -> Callable[..., Awaitable[Account]]:
    """A dependency that lets only users with the role (as it is now) and tokens with the scope through.

    Use it as `Depends(requires(role="admin"))`; it gives the current user.
    """

    async def guard(claims: CurrentClaims, user: CurrentUser) -> Account:
        if (role is not None and role not in user.roles) or (scope is not None and scope not in claims.scope):
            raise InsufficientScopeError
        return user

    return guard
