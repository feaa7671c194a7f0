"""What stands around every request, as plain ASGI, the outermost first.

RequestContext    request id, access log, last-resort 500
SecurityHeaders   on every answer, errors included
HeadAsGet         HEAD works wherever GET does
BodyLimit         64 KiB, however it is sent
"""

from starlette.types import ASGIApp

from app.http.middleware.body_limit import BodyLimit
from app.http.middleware.head_as_get import HeadAsGet
from app.http.middleware.request_context import RequestContext
from app.http.middleware.security_headers import SecurityHeaders


def wrap(app: ASGIApp, *, access_log: bool, https: bool) -> ASGIApp:
    """The application with all of it around."""
    return RequestContext(SecurityHeaders(HeadAsGet(BodyLimit(app)), https=https), access_log=access_log)
