"""Answers a reverse proxy whether a request may pass: `GET|HEAD /gateway/verify`.

For nginx `auth_request`, Traefik ForwardAuth, Caddy `forward_auth` and Envoy ext_authz. No body, no database read: it
stands in front of the framework's routing, over the same verifier, and is the fastest route of the service.
"""

from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.domain.tokens.claims import AccessClaims
from app.domain.tokens.errors import InvalidTokenError
from app.domain.tokens.verifier import TokenVerifier
from app.errors import DomainError
from app.http.bearer import presented_token
from app.http.errors import InsufficientScopeError, MethodNotAllowedError, NotAuthenticatedError
from app.http.problems import headers_of, status_of

PATH = "/gateway/verify"
ROUTE = "gateway_verify"
_METHODS = frozenset({"GET", "HEAD"})
_EMPTY = (b"content-length", b"0")


class GatewayVerify:
    """The check; whatever is not for it goes on to the application."""

    def __init__(self, app: ASGIApp, *, verifier: TokenVerifier, audit: Audit, extra_header: bytes | None) -> None:
        self._app = app
        self._verifier = verifier
        self._audit = audit
        self._extra_header = extra_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 with who it is, 401 without a good token, 403 without what the query asks for, 503 when unknowable."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        scope["route"] = self
        try:
            claims = await self._judge(scope)
        except DomainError as error:
            status = status_of(error)
            headers = [(name.lower().encode(), value.encode()) for name, value in headers_of(error).items()]
            if isinstance(error, MethodNotAllowedError):
                headers.append((b"allow", b"GET, HEAD"))
        else:
            scope["state"]["user_id"] = str(claims.subject)
            status, headers = 200, _identity(claims)
        await send({"type": "http.response.start", "status": status, "headers": [_EMPTY, *headers]})
        await send({"type": "http.response.body", "body": b""})

    @property
    def operation_id(self) -> str:
        """What the access log calls this route."""
        return ROUTE

    async def _judge(self, scope: Scope) -> AccessClaims:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowedError
        presented = presented_token(scope["headers"], extra_header=self._extra_header)
        if presented is None:
            raise NotAuthenticatedError
        try:
            claims = self._verifier.verify_now(presented) or await self._verifier.verify(presented)
        except InvalidTokenError as error:
            self._audit.record(Event.TOKEN_REFUSED, outcome="failure", origin=_origin(scope), reason=error.reason)
            raise
        if scope["query_string"] and not _has_all(claims, scope["query_string"]):
            raise InsufficientScopeError
        return claims


def _has_all(claims: AccessClaims, query: bytes) -> bool:
    """Whether the token carries every `scope` and `role` that the query names; each may come several times."""
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name == "scope" and not set(value.split()) <= set(claims.scope):
            return False
        if name == "role" and value not in claims.roles:
            return False
    return True


def _identity(claims: AccessClaims) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-auth-subject", str(claims.subject).encode()),
        (b"x-auth-username", claims.username.encode("ascii")),
        (b"x-auth-session", str(claims.session_id).encode()),
        (b"x-auth-scope", " ".join(claims.scope).encode("ascii")),
        (b"x-auth-roles", " ".join(claims.roles).encode("ascii")),
    ]


def _origin(scope: Scope) -> Origin:
    return Origin(ip=scope["client"][0] if scope.get("client") else None)
