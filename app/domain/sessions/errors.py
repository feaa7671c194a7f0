"""What can be refused about sessions."""

from app.errors import NotFoundError, UnauthenticatedError


class InvalidRefreshTokenError(UnauthenticatedError):
    """Forged, of an ended or expired session, or used before. One answer; the audit log says which."""

    code = "invalid_refresh_token"
    title = "The refresh token is not valid. Please log in again."


class SessionNotFoundError(NotFoundError):
    """No such session, or somebody else's."""

    title = "There is no such session."
