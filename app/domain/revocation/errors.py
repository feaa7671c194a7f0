"""What goes wrong with revocations."""

from app.errors import UnavailableError


class StaleRevocationsError(UnavailableError):
    """This worker has not heard of revocations for too long, and asking again failed: it cannot say who is revoked."""

    title = "Whether this token was revoked cannot be told now. Try again soon."
