"""What the OpenAPI document says beyond the routes themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.responses import Problem, ProblemDetail
from app.http.problems import MEDIA_TYPE

DESCRIPTION = """
Register, log in, refresh, and verify tokens.

Access tokens are JWTs (RFC 9068): send them as `Authorization: Bearer …`. They are short-lived; a refresh token gets
the next pair. Each refresh token works once, and a retry within a minute gets the same successor.

Errors are problem details (RFC 9457) with a stable `code`.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "Authentication", "description": "Register, log in, refresh, log out."},
    {"name": "Current user", "description": "Your profile, your password, your sessions."},
    {"name": "Administration", "description": "For users with the role `admin`."},
    {"name": "For other services", "description": "What verifiers of tokens read."},
    {"name": "Operations", "description": "For whoever keeps the service running."},
]


def _drop_stock_refusals(document: dict[str, Any]) -> None:
    """Take out the 422 that the framework adds to every route with a parameter: a route of ours names its own."""
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            if MEDIA_TYPE not in answers.get("422", {}).get("content", {MEDIA_TYPE: None}):
                del answers["422"]


def describe(app: FastAPI) -> None:
    """Have the document carry the schema of refusals, which the routes refer to."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
                license_info=app.license_info,
                separate_input_output_schemas=app.separate_input_output_schemas,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, ProblemDetail):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schema.pop("$defs", None)
                schemas[model.__name__] = schema
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            _drop_stock_refusals(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
