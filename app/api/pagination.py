"""Pages of lists: `?limit=` and an opaque, authenticated `?cursor=`."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from app.crypto.sealing import CannotOpenError, Sealer
from app.http.errors import InvalidCursorError

Limit = Annotated[int, Query(ge=1, le=200, description="How many items a page holds.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="`next_cursor` of the page before; leave it out to begin.")
]
DEFAULT_LIMIT = 50
_Item = TypeVar("_Item")


class Page(BaseModel, Generic[_Item]):
    """A page of a list."""

    items: list[_Item]
    next_cursor: str | None = Field(description="Ask with this for the next page; null on the last one.")


class Cursors:
    """Seals the position where a page ended, for one list each, so that nobody can make one up or carry it over."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def position(self, cursor: str | None, *, of: str) -> UUID | None:
        """The id the page before ended with; None to begin.

        Raises:
            InvalidCursorError: it is not one that this list gave out.
        """
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            return UUID(bytes=self._sealer.open(sealed, bound_to=of.encode()))
        except (binascii.Error, ValueError, CannotOpenError):
            raise InvalidCursorError from None

    def after(self, ids: Sequence[UUID], limit: int, *, of: str) -> str | None:
        """The cursor for the page after these ids, of which one more than `limit` was asked; None when none is left."""
        if len(ids) <= limit:
            return None
        sealed = self._sealer.seal(ids[limit - 1].bytes, bound_to=of.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
