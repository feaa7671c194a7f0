"""A page for every problem code, at the address that a problem's `type` names; the same as JSON for machines."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from app.errors import NotFoundError
from app.pages.page import page
from app.pages.problem_texts import PROBLEM_TEXTS, ProblemText

router = APIRouter(prefix="/problems", include_in_schema=False)


@router.get("")
async def problems(request: Request) -> Response:
    """All of them."""
    if _wants_json(request):
        return JSONResponse({"items": [_as_json(code, text) for code, text in PROBLEM_TEXTS.items()]})
    rows = "".join(
        f'<dt><a href="/problems/{code}"><code>{code}</code></a></dt><dd>{escape(text.title)}.</dd>'
        for code, text in PROBLEM_TEXTS.items()
    )
    return page("Problems", f"<h1>Problems</h1><p>What each error code of Signet means.</p><dl>{rows}</dl>{_FOOTER}")


@router.get("/{code}")
async def problem(code: str, request: Request) -> Response:
    """One of them."""
    text = PROBLEM_TEXTS.get(code)
    if text is None:
        raise NotFoundError
    if _wants_json(request):
        return JSONResponse(_as_json(code, text))
    return page(
        text.title,
        f"<h1>{escape(text.title)}</h1>"
        f'<p class="quiet"><code>{code}</code>, status {text.status}</p>'
        f"<h2>What it means</h2><p>{escape(text.meaning)}</p>"
        f"<h2>What to do</h2><p>{escape(text.what_to_do)}</p>{_FOOTER}",
    )


_FOOTER = '<footer><a href="/problems">All problems</a> · <a href="/docs">API documentation</a></footer>'


def _as_json(code: str, text: ProblemText) -> dict[str, str | int]:
    return {
        "type": f"/problems/{code}",
        "code": code,
        "status": text.status,
        "title": text.title,
        "meaning": text.meaning,
        "what_to_do": text.what_to_do,
    }


def _wants_json(request: Request) -> bool:
    """Whether the caller names JSON, and does not name HTML before it."""
    accepted = request.headers.get("accept", "")
    json_at, html_at = accepted.find("json"), accepted.find("text/html")
    return json_at >= 0 and (html_at < 0 or json_at < html_at)
