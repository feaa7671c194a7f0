"""Writes `docs/openapi.json` from the code: `python -m tests.support.openapi_document`."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from app.application import create_api
from app.composition import build_services
from tests.support.service import MovableClock, settings_for_tests

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def render() -> str:
    """The text of the file."""
    with TemporaryDirectory() as folder:
        settings = settings_for_tests(f"sqlite:///{folder}/signet.db", Path(folder))
        return json.dumps(create_api(build_services(settings, MovableClock())).openapi(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
