"""How refusals are described in the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.http.problems import MEDIA_TYPE


class ProblemDetail(BaseModel):
    """One broken rule."""

    loc: list[str]
    msg: str
    type: str


class Problem(BaseModel):
    """Problem details (RFC 9457); `code` is stable, `type` leads to a page about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/invalid_token",
                    "title": "Invalid token. Please log in again.",
                    "status": 401,
                    "detail": "Invalid token. Please log in again.",
                    "code": "invalid_token",
                    "instance": "/api/v1/users/me",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[ProblemDetail] | None = Field(None, description="Which rules the request broke.")


_DESCRIPTIONS = {
    400: "The request cannot be read: `malformed_request`, `invalid_cursor` or `invalid_idempotency_key`.",
    401: "No credentials came, or they are not valid.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is somebody else's.",
    409: "It contradicts what is there.",
    413: "The body is larger than 64 KiB.",
    415: "The body is of another type than this route reads.",
    422: "A rule is broken; `errors` says which.",
    503: "Not now: come back after `Retry-After` seconds.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The entry for `responses=` of a route that may refuse with these statuses."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
