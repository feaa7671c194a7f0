"""Seals and opens the cursors of lists."""

from typing import Annotated

from fastapi import Depends

from app.api.dependencies.services import Services
from app.api.pagination import Cursors


async def page_cursors(services: Services) -> Cursors:
    """The cursors, under this service's key."""
    return Cursors(services.cursor_sealer)


PageCursors = Annotated[Cursors, Depends(page_cursors)]
