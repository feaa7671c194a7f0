"""Refuses bodies of another type than the route reads (415), so that a form of a foreign page is never JSON to us."""

import json
from contextlib import suppress
from typing import Any

from fastapi import Depends, Request

from app.http.errors import MalformedRequestError, UnsupportedMediaTypeError

FORM = "application/x-www-form-urlencoded"


def media_type(request: Request) -> str:
    """The media type of the body, without parameters, in lower case; empty when none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def has_body(request: Request) -> bool:
    """Whether a body came along."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _members_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise MalformedRequestError


async def json_only(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8, or that two readers could read differently.

    Raises:
        UnsupportedMediaTypeError: it is something else, or does not say what it is.
        MalformedRequestError: it is JSON in UTF-16 or UTF-32 (RFC 8259 section 8.1), which our parser would take, or
            names a member twice (section 4), of which one reader takes the first and another the last.
    """
    kind = media_type(request)
    if has_body(request) and kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaTypeError
    body = await request.body()
    if b"\0" in body:  # JSON in UTF-8 never holds one, in the wider encodings it always does
        raise MalformedRequestError
    with suppress(ValueError, RecursionError):  # what cannot be read at all is told by whoever reads it
        json.loads(body, object_pairs_hook=_members_once)


JSON_ONLY = Depends(json_only)
