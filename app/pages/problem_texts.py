"""What each problem code means, and what to do about it: for the pages that `type` leads to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemText:
    """In words, for whoever meets the code. The statuses are those it comes with."""

    status: int
    title: str
    meaning: str
    what_to_do: str


PROBLEM_TEXTS: dict[str, ProblemText] = {
    "malformed_request": ProblemText(
        400,
        "The request body cannot be read",
        "The body is not valid JSON in UTF-8, is nested too deeply, or names a member twice.",
        "Send what a JSON library writes, and nothing written by hand.",
    ),
    "invalid_cursor": ProblemText(
        400,
        "The cursor is not one that this list gave out",
        "Cursors are opaque, belong to one list, and cannot be made up or changed.",
        "Begin without a cursor, and pass on next_cursor as it came.",
    ),
    "invalid_idempotency_key": ProblemText(
        400,
        "The Idempotency-Key cannot be used",
        "It must be 22 to 128 visible ASCII characters, and come once.",
        "Make 16 or more random bytes for each rotation, and send them as base64url or hexadecimal.",
    ),
    "not_authenticated": ProblemText(
        401,
        "An access token is needed",
        "No credentials came: no Authorization header, two of them, or one of another scheme. "
        "A token in the query is never read.",
        "Log in, and send Authorization: Bearer and the access token.",
    ),
    "token_expired": ProblemText(
        401,
        "The access token has expired",
        "It was genuine, but its time is over.",
        "Refresh, and try again with the new token; log in again when refreshing is refused.",
    ),
    "invalid_token": ProblemText(
        401,
        "The access token is not accepted",
        "It was changed, made for somebody else, or revoked by a logout, a password change or an administrator. "
        "Which of these is in the security log and in the owner's list of sessions.",
        "Refresh once; log in again when that is refused too.",
    ),
    "invalid_credentials": ProblemText(
        401,
        "The username or the password is not correct",
        "Unknown user, wrong password and disabled user are one answer on purpose.",
        "Try again with care, or ask an administrator.",
    ),
    "invalid_refresh_token": ProblemText(
        401,
        "The refresh token is not accepted",
        "Its session has ended or expired, it was used before, or it is not one of ours. A used token that comes back "
        "later ends the session, since it may have been stolen.",
        "Log in again. Keep only the newest refresh token, and send an Idempotency-Key so that a lost answer can be "
        "retried.",
    ),
    "insufficient_scope": ProblemText(
        403,
        "The access token does not carry the right that this needs",
        "A scope or a role is missing.",
        "Log in with the scope, or ask an administrator for the role; the next refresh brings it.",
    ),
    "registration_closed": ProblemText(
        403,
        "Registration is closed",
        "Only the operator makes users here.",
        "Ask the operator; for them: signet users create, or SIGNET_REGISTRATION__OPEN.",
    ),
    "invalid_current_password": ProblemText(
        403,
        "The current password is not correct",
        "Changing the password or the address, and closing the account, ask for the password again.",
        "Send the current password. If it was just changed elsewhere, it is the new one.",
    ),
    "not_found": ProblemText(
        404,
        "There is no such thing here",
        "It does not exist, or it belongs to somebody else: the two are one answer. "
        "A path that ends in a slash is another path.",
        "Look at the path and the id.",
    ),
    "method_not_allowed": ProblemText(
        405,
        "The route does not answer to this method",
        "The path exists, but not for this method.",
        "Use a method that the Allow header names.",
    ),
    "username_taken": ProblemText(
        409, "The username is taken", "Names are compared without regard to case.", "Choose another one."
    ),
    "email_taken": ProblemText(
        409, "The e-mail address is taken", "Somebody has it.", "Log in with it, or use another one."
    ),
    "last_administrator": ProblemText(
        409,
        "This is the last active administrator",
        "Without this one nobody could administer the service.",
        "Make another administrator first.",
    ),
    "too_many_roles": ProblemText(
        409,
        "The user already has as many roles as a user may have",
        "Roles travel in every token, so there are at most 32.",
        "Take one away first.",
    ),
    "body_too_large": ProblemText(413, "The body is larger than 64 KiB", "No request needs more.", "Send less."),
    "unsupported_media_type": ProblemText(
        415,
        "The body is of another type than the route reads",
        "JSON routes read application/json, so that a form of a foreign page is never a request to us.",
        "Send Content-Type: application/json.",
    ),
    "validation_failed": ProblemText(
        422,
        "The request breaks a rule",
        "errors names each place (loc), what is wrong (msg) and the rule (type). The values are never repeated.",
        "Mend what errors names.",
    ),
    "password_rejected": ProblemText(
        422,
        "The password cannot be used",
        "errors names the rule: too_short, too_long, common, breached or contains_identity.",
        "Choose a longer one: a few words that do not belong together are easy to keep in mind.",
    ),
    "internal_error": ProblemText(
        500,
        "Something went wrong on our side",
        "A defect of the service.",
        "Tell the operator the X-Request-ID of the answer: it leads to the cause in the log.",
    ),
    "overloaded": ProblemText(
        503,
        "Too many passwords are being checked",
        "Hashing has a budget, so that a storm of log-ins does not take the rest down.",
        "Come back after Retry-After seconds.",
    ),
    "unavailable": ProblemText(
        503,
        "A part that this needs is not available now",
        "The database does not answer, or it cannot be known whether the token was revoked. "
        "Nothing is ever granted for want of an answer.",
        "Come back after Retry-After seconds. For operators: /readyz names the part.",
    ),
}
