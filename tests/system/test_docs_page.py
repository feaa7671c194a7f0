"""The documentation page in a real browser."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.processes import Server, serving

pytestmark = pytest.mark.system
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,1600",
    "--virtual-time-budget=15000",
)
_NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    env = {"SIGNET_SERVER__PORT": "0", "PATH": "/usr/bin:/bin"}
    async with serving(lambda: Server(env, tmp_path)) as (started,):
        yield started


def chromium(profile: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "these tests need Chromium (Debian: apt-get install chromium)"
    return subprocess.run(
        [program, *_QUIET, f"--user-data-dir={profile}", _NOBODY_ELSE, *arguments],
        capture_output=True,
        check=True,
        timeout=90,
    )


def url(server: Server, path: str) -> str:
    return str(server.client.base_url).rstrip("/") + path


async def test_the_page_shows_every_operation_with_nobody_elses_help(server: Server, tmp_path: Path) -> None:
    document = (await server.client.get("/openapi.json")).json()
    expected = sum(len(path) for path in document["paths"].values())

    page = await server.client.get("/docs")
    shown = chromium(tmp_path / "profile", "--dump-dom", url(server, "/docs")).stdout.decode()

    assert shown.count('class="opblock-summary-path"') == expected
    assert "Authorize" in shown
    assert "://" not in page.text
    assert "://" not in page.headers["content-security-policy"]
    assert "script-src 'self';" in page.headers["content-security-policy"]


async def test_the_page_can_be_photographed(server: Server, tmp_path: Path) -> None:
    picture = tmp_path / "docs.png"

    chromium(tmp_path / "profile", f"--screenshot={picture}", url(server, "/docs"))

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
