"""`signet keys …`: signing keys."""

import json
from typing import Annotated

import typer

from app.cli.running import AsJson, emit, moment, print_json, print_table, run
from app.composition import Services
from app.domain.keys.jwks import jwks_document
from app.domain.keys.service import KeyView

command = typer.Typer(help="See, rotate and revoke signing keys.", no_args_is_help=True, rich_markup_mode=None)


@command.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the signing keys, each with its state and times."""

    async def use(services: Services) -> list[KeyView]:
        return await services.keys.list_keys()

    _show(run(use), as_json=as_json)


@command.command("rotate")
def rotate(
    now: Annotated[bool, typer.Option("--now", help="Sign with the next key at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign with the next key as soon as it has been public long enough, or --now."""

    async def use(services: Services) -> list[KeyView]:
        await services.keys.rotate(now_=now)
        return await services.keys.list_keys()

    _show(run(use), as_json=as_json)


@command.command("revoke")
def revoke(
    kid: Annotated[str, typer.Argument(help="The key's id, as `signet keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Emergency: take a stolen key out for ever. Every token it signed is refused, and the next key signs at once."""

    async def use(services: Services) -> list[KeyView]:
        await services.keys.revoke(kid)
        return await services.keys.list_keys()

    _show(run(use), as_json=as_json)


@command.command("export-public")
def export_public() -> None:
    """Print the JWKS (RFC 7517), for verifiers that cannot fetch it."""

    async def use(services: Services) -> bytes:
        await services.keys.ensure()
        return jwks_document(services.keyring.published(services.clock.now())).body

    emit(json.dumps(json.loads(run(use)), indent=2) + "\n")


def _show(keys: list[KeyView], *, as_json: bool) -> None:
    if as_json:
        print_json([vars(key) for key in keys])
        return
    rows = [
        [
            key.kid,
            key.algorithm,
            key.state.value + (" (revoked)" if key.revoked_at else ""),
            moment(key.activates_at),
            moment(key.retires_at),
            moment(key.gone_at),
        ]
        for key in keys
    ]
    print_table(["KID", "ALGORITHM", "STATE", "SIGNS FROM", "UNTIL", "GONE AT"], rows)
