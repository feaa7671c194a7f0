"""`signet tokens inspect`: what web debuggers are used for, without giving the token away."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from app.cli.running import AsJson, emit, print_json, print_table, read_stdin, run
from app.composition import Services
from app.domain.sessions.inspection import Inspection

command = typer.Typer(help="Look into tokens.", no_args_is_help=True, rich_markup_mode=None)
_MOMENTS = ("iat", "nbf", "exp", "auth_time")
_LAST_SECOND = 253402300799


@command.callback()
def group() -> None:
    """Look into tokens."""


@command.command("inspect")
def inspect(
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="The token, or - to read it from stdin (no shell remembers it then).")
    ],
    as_json: AsJson = False,
) -> None:
    """Show an access or refresh token's header and claims, and whether it is accepted now, or why not.

    It is judged by the configured database and keys, sent nowhere and written to no log. Exit 0 only for a valid one.
    """
    presented = (read_stdin() if token == "-" else token).strip()  # noqa: S105  # - is no token

    async def use(services: Services) -> Inspection:
        await services.keyring.load()
        await services.revocations.start()
        return await services.inspection.inspect(presented)

    found = run(use)
    if as_json:
        print_json(vars(found))
    else:
        _show(found)
    if not found.valid:
        raise typer.Exit(1)


def _show(found: Inspection) -> None:
    emit(f"This is {'a refresh token' if found.kind == 'refresh_token' else 'an access token, or was meant as one'}.\n")
    for name, members in (("HEADER", found.header), ("CLAIM", found.claims)):
        if isinstance(members, dict):
            emit("\n")
            print_table([name, "VALUE"], [[_text(key), _cell(key, value)] for key, value in members.items()])
    emit(f"\n{'VALID' if found.valid else 'NOT VALID'} ({found.reason}): {found.detail}.\n")


def _cell(name: str, value: Any) -> str:
    """A claim as JSON writes it, so that nothing in it can move the cursor; moments in words besides."""
    if name in _MOMENTS and type(value) is int and 0 <= value <= _LAST_SECOND:
        return f"{value} ({datetime.fromtimestamp(value, UTC).isoformat()})"
    return _text(value)


def _text(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text[1:-1] if text.startswith('"') else text
