"""`signet prune` and `signet openapi`."""

import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from app.application import create_api
from app.cli.running import AsJson, emit, print_json, print_table, run
from app.clock import SystemClock
from app.composition import Services, build_services
from app.settings import load_settings


def prune(as_json: AsJson = False) -> None:
    """Delete what nobody needs any more, as a running service does by itself now and then."""

    async def use(services: Services) -> dict[str, int]:
        return await services.housekeeping.prune()

    deleted = run(use)
    if as_json:
        print_json(deleted)
        return
    print_table(["WHAT", "DELETED"], [[what, str(count)] for what, count in deleted.items()])


def openapi() -> None:
    """Print the OpenAPI document of the HTTP API (JSON). Needs no database."""
    with TemporaryDirectory() as folder:
        settings = load_settings(
            data_dir=Path(folder), secret_key=secrets.token_urlsafe(48), database={"url": "", "password": None}
        )
        document = create_api(build_services(settings, SystemClock())).openapi()
    emit(json.dumps(document, indent=2) + "\n")
