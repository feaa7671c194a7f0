"""Refuses bodies of another type than the route reads (415), so that a form of a foreign page is never JSON to us."""

from fastapi import Depends, Request

from app.http.errors import MalformedRequestError, UnsupportedMediaTypeError

FORM = "application/x-www-form-urlencoded"


def media_type(request: Request) -> str:
    """The media type of the body, without parameters, in lower case; empty when none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    """Whether a body came along."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


async def json_only(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8.

    Raises:
        UnsupportedMediaTypeError: it is something else, or does not say what it is.
        MalformedRequestError: it is JSON in UTF-16 or UTF-32 (RFC 8259 section 8.1), which our parser would take.
    """
    kind = media_type(request)
    if has_body(request) and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaTypeError
    if b"\0" in await request.body():  # JSON in UTF-8 never holds one, in the wider encodings it always does
        raise MalformedRequestError


JSON_ONLY = Depends(json_only)
