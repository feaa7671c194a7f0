"""The page at `/`: what runs here, and where to go on."""

from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.pages.page import page

router = APIRouter(include_in_schema=False)
_CONTENT = f"""<h1>Signet</h1>
<p class="quiet">A self-hosted token service, version {version("signet")}, runs here.</p>
<dl>
<dt><a href="/docs">/docs</a></dt><dd>Try the API: register, log in, authorize, call.</dd>
<dt><a href="/redoc">/redoc</a></dt><dd>The same, for reading.</dd>
<dt><a href="/openapi.json">/openapi.json</a></dt><dd>The document, for client generators.</dd>
<dt><a href="/.well-known/jwks.json">/.well-known/jwks.json</a></dt><dd>Public keys, for verifiers of tokens.</dd>
<dt><a href="/problems">/problems</a></dt><dd>What each error code means, and what to do.</dd>
<dt><a href="/readyz">/readyz</a></dt><dd>Whether everything it needs is well.</dd>
</dl>
"""


@router.get("/")
async def start() -> HTMLResponse:
    """The page."""
    return page("Signet", _CONTENT)
