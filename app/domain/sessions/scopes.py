"""Which scopes a session is granted. Pure."""

from collections.abc import Iterable, Mapping


class ScopePolicy:
    """Everyone may have the base scopes; roles add theirs (RFC 6749 section 3.3: order means nothing, case does)."""

    def __init__(self, base: Iterable[str], by_role: Mapping[str, Iterable[str]]) -> None:
        self._base = tuple(base)
        self._by_role = {role: tuple(scopes) for role, scopes in by_role.items()}

    def allowed(self, roles: Iterable[str]) -> tuple[str, ...]:
        """All that a user with these roles may have."""
        scopes = list(self._base)
        for role in roles:
            scopes += self._by_role.get(role, ())
        return tuple(dict.fromkeys(scopes))

    def grant(self, asked: str | None, roles: Iterable[str]) -> tuple[str, ...]:
        """What was asked for and is allowed; without asking, all that is allowed."""
        allowed = self.allowed(roles)
        return allowed if asked is None else self.still_allowed(tuple(asked.split(" ")), roles)

    def still_allowed(self, scope: Iterable[str], roles: Iterable[str]) -> tuple[str, ...]:
        """Those of `scope` that the user may still have."""
        wanted = frozenset(scope)
        return tuple(word for word in self.allowed(roles) if word in wanted)
