"""Whether a user may have tokens now. Every path that issues one, or accepts one as a user's, asks here."""

from sqlalchemy import ColumnElement

from app.domain.accounts.models import User


def may_have_tokens() -> ColumnElement[bool]:
    """The condition on the users row, for a WHERE or a SELECT."""
    return User.is_active.is_(True)
