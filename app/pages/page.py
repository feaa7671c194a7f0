"""The frame of our own pages: one style sheet of ours, no script, nothing from elsewhere."""

from html import escape

from fastapi.responses import HTMLResponse

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="/static/swagger-ui/favicon-32x32.png">
<link rel="stylesheet" href="/static/page.css">
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""


def page(title: str, content: str, *, status: int = 200) -> HTMLResponse:
    """A page. `content` is HTML of ours; whatever comes from elsewhere must have been escaped."""
    text = _FRAME.format(title=escape(title), content=content)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})
