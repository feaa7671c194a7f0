"""The codes of errors are the contract's, to the letter: clients rely on them."""

import app.application  # noqa: F401  # brings every error with it
from app.errors import DomainError
from app.http.problems import status_of

CONTRACT = {
    "malformed_request": 400,
    "invalid_cursor": 400,
    "invalid_idempotency_key": 400,
    "not_authenticated": 401,
    "token_expired": 401,
    "invalid_token": 401,
    "invalid_credentials": 401,
    "invalid_refresh_token": 401,
    "insufficient_scope": 403,
    "registration_closed": 403,
    "invalid_current_password": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "username_taken": 409,
    "email_taken": 409,
    "last_administrator": 409,
    "too_many_roles": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "validation_failed": 422,
    "password_rejected": 422,
    "internal_error": 500,
    "overloaded": 503,
    "unavailable": 503,
}


def every(kind: type[DomainError]) -> set[type[DomainError]]:
    return {kind}.union(*(every(child) for child in kind.__subclasses__()))


def test_every_error_has_a_code_of_the_contract_and_its_status() -> None:
    found = {(kind.code, status_of(kind)) for kind in every(DomainError) if getattr(kind, "code", None)}

    assert found == set(CONTRACT.items())


def test_every_error_that_can_be_raised_has_a_title() -> None:
    concrete = [kind for kind in every(DomainError) if not kind.__subclasses__()]

    assert all(kind.title and kind.code for kind in concrete)
