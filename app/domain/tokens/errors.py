"""Why an access token is refused: it has merely expired, or anything else. Callers learn no more than that."""

from app.errors import UnauthenticatedError


class TokenExpiredError(UnauthenticatedError):
    """A genuine, unrevoked token whose time is over: refreshing helps."""

    code = "token_expired"
    title = "Signature expired. Please log in again."


class InvalidTokenError(UnauthenticatedError):
    """Not a token that we accept.

    `reason` is one word of ours for the audit log, `because` what an operator may know beyond it; neither is ever for
    the caller.
    """

    code = "invalid_token"
    title = "Invalid token. Please log in again."

    def __init__(self, reason: str, because: str = "") -> None:
        super().__init__()
        self.reason = reason
        self.because = because
