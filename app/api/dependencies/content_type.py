"""Refuses bodies of another type than the route reads (415), so that a form of a foreign page is never JSON to us."""

from fastapi import Depends, Request

from app.http.errors import UnsupportedMediaTypeError

FORM = "application/x-www-form-urlencoded"


def media_type(request: Request) -> str:
    """The media type of the body, without parameters, in lower case; empty when none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    """Whether a body came along."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def json_only(request: Request) -> None:
    """Refuse a body that is not JSON.

    Raises:
        UnsupportedMediaTypeError: it is something else, or does not say what it is.
    """
    kind = media_type(request)
    if has_body(request) and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaTypeError


JSON_ONLY = Depends(json_only)
