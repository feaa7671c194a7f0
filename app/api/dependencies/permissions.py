"""Guards a route by role or scope."""

from collections.abc import Awaitable, Callable

from app.api.dependencies.current_user import CurrentClaims, CurrentUser
from app.domain.accounts.account import Account
from app.http.errors import InsufficientScopeError


def requires(*, role: str | None = None, scope: str | None = None) -> Callable[..., Awaitable[Account]]:
    """A dependency that lets only users with the role and tokens with the scope through.

    The role must be in the token, and still be held: one that was given is in the next token, one that was taken is
    gone at once. Use it as `Depends(requires(role="admin"))`; it gives the current user.
    """

    async def guard(claims: CurrentClaims, user: CurrentUser) -> Account:
        lacks_role = role is not None and (role not in claims.roles or role not in user.roles)
        if lacks_role or (scope is not None and scope not in claims.scope):
            raise InsufficientScopeError
        return user

    return guard
