"""The documentation pages: Swagger UI to try, ReDoc to read; no inline script, and no third party is asked."""

import secrets
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
_STATIC = Path(__file__).resolve().parents[1] / "static"
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signet: API documentation</title>
<link rel="icon" type="image/png" href="/static/swagger-ui/favicon-32x32.png">
"""
# Swagger UI sets style attributes and shows its icons as data: images; scripts are ours alone.
_SWAGGER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SWAGGER = (
    _HEAD
    + """<link rel="stylesheet" href="/static/swagger-ui/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/static/swagger-ui/start.js"></script>
</body>
</html>
"""
)
# ReDoc writes its styles at run time, under the nonce of this very answer; unless told not to, it reports its use home.
_REDOC_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_REDOC = (
    _HEAD
    + """<meta property="csp-nonce" content="{nonce}">
</head>
<body>
<redoc spec-url="/openapi.json" disable-telemetry="true"></redoc>
<script type="module" src="/static/redoc/redoc.standalone.js"></script>
</body>
</html>
"""
)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI."""
    return HTMLResponse(_SWAGGER, headers={"Content-Security-Policy": _SWAGGER_POLICY})


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """ReDoc."""
    nonce = secrets.token_urlsafe(16)
    return HTMLResponse(
        _REDOC.replace("{nonce}", nonce),
        headers={"Content-Security-Policy": _REDOC_POLICY.replace("{nonce}", nonce)},
    )


def mount_static(app: FastAPI) -> None:
    """Serve the pages' files; they change with a release only."""
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
