"""What can be refused about accounts."""

from app.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError


class UsernameTakenError(ConflictError):
    """Somebody has this username."""

    code = "username_taken"
    title = "This username is taken."


class EmailTakenError(ConflictError):
    """Somebody has this address."""

    code = "email_taken"
    title = "This e-mail address is taken."


class LastAdministratorError(ConflictError):
    """Without this one nobody could administer the service."""

    code = "last_administrator"
    title = "This is the last active administrator: make another one first."


class TooManyRolesError(ConflictError):
    """A user's roles travel in every token, so they are bounded."""

    code = "too_many_roles"
    title = "The user already has as many roles as a user may have."


class RegistrationClosedError(ForbiddenError):
    """Only the operator makes users here."""

    code = "registration_closed"
    title = "Registration is closed."


class InvalidCurrentPasswordError(ForbiddenError):
    """The bearer of a good token does not know the password."""

    code = "invalid_current_password"
    title = "The current password is not correct."


class InvalidCredentialsError(UnauthenticatedError):
    """Unknown user, wrong password and disabled user are one answer outside and three events inside."""

    code = "invalid_credentials"
    title = "The username or the password is not correct."


class UserNotFoundError(NotFoundError):
    """No such user."""

    title = "There is no such user."
