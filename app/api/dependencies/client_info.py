"""Where a request came from, for the audit log and the owner's list of sessions."""

import re
from typing import Annotated

from fastapi import Depends, Request

from app.domain.audit.origin import Origin
from app.http.client_address import client_address

_MAX_USER_AGENT = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


async def client_info(request: Request) -> Origin:
    """The client's address, as the server saw it or a trusted proxy told it, and its User-Agent."""
    user_agent = request.headers.get("user-agent")
    return Origin(
        ip=client_address(request.scope),
        user_agent=_CONTROL.sub("", user_agent)[:_MAX_USER_AGENT] if user_agent else None,
    )


ClientInfo = Annotated[Origin, Depends(client_info)]
