"""What is refused at the door, before any feature is asked."""

from app.errors import DomainError, ForbiddenError, RuleViolationError, UnauthenticatedError


class NotAuthenticatedError(UnauthenticatedError):
    """No credentials came."""

    code = "not_authenticated"
    title = "This needs an access token: send it as `Authorization: Bearer …`."


class InsufficientScopeError(ForbiddenError):
    """A scope or a role is missing (RFC 6750 section 3.1)."""

    code = "insufficient_scope"
    title = "The access token does not carry the right that this needs."


class MalformedRequestError(RuleViolationError):
    """The request cannot be read at all."""

    code = "malformed_request"
    title = "The request body cannot be read."


class InvalidCursorError(RuleViolationError):
    """Not a cursor of ours, or not of this list."""

    code = "invalid_cursor"
    title = "The cursor is not one that this list gave out: begin without it."


class InvalidIdempotencyKeyError(RuleViolationError):
    """Too short to be unguessable, or not visible ASCII."""

    code = "invalid_idempotency_key"
    title = "An Idempotency-Key is 22 to 128 visible ASCII characters, made at random for each rotation."


class UnsupportedMediaTypeError(DomainError):
    """The body is of another type than the route reads."""

    code = "unsupported_media_type"
    title = "The request body must be JSON: send `Content-Type: application/json`."


class BodyTooLargeError(DomainError):
    """More than any request of ours needs."""

    code = "body_too_large"
    title = "The request body is larger than 64 KiB."


class MethodNotAllowedError(DomainError):
    """The route exists, but not for this method."""

    code = "method_not_allowed"
    title = "This route does not answer to this method."


class InternalError(DomainError):
    """A defect of ours."""

    code = "internal_error"
    title = "Something went wrong on our side. The request id leads the operator to the cause."
