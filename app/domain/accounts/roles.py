"""Rules for role names. Pure."""

import re
from collections.abc import Iterable

from app.errors import BrokenRule, NotFoundError, RuleViolationError

_ROLE = re.compile(r"[a-z0-9._:-]{1,64}")


def is_role(name: str) -> bool:
    """Whether this could be a role: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `:`, `-`."""
    return _ROLE.fullmatch(name) is not None


def check_roles(names: Iterable[str]) -> None:
    """Raise RuleViolationError when one of the names could not be a role."""
    if not all(is_role(name) for name in names):
        rule = BrokenRule(("role",), "A role is 1 to 64 of a-z, 0-9, '.', '_', ':' and '-'.", "role_name")
        raise RuleViolationError(broken=(rule,))


class RoleNotFoundError(NotFoundError):
    """No role can have such a name."""

    title = "There is no such role: a role is 1 to 64 of a-z, 0-9, '.', '_', ':' and '-'."
