"""`signet users …`: make users; the first administrator too, since no default account exists."""

import secrets
import sys
from typing import Annotated

import typer

from app.cli.running import print_json, run
from app.composition import Services
from app.domain.accounts.account import ADMIN, Account
from app.domain.audit.origin import LOCAL

command = typer.Typer(help="Make users.", no_args_is_help=True, rich_markup_mode=None)


@command.callback()
def group() -> None:
    """Make users."""


@command.command("create")
def create(
    username: Annotated[str, typer.Argument(help="3 to 64 letters, digits, '.', '_' or '-'.")],
    email: Annotated[str | None, typer.Option(help="Their e-mail address.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Give them the role admin.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a user. Without --password-stdin a password is made and printed, once."""
    generated = None if password_stdin else secrets.token_urlsafe(18)
    password = generated or sys.stdin.read().removesuffix("\n")

    async def use(services: Services) -> Account:
        roles = (ADMIN,) if admin else ()
        return await services.registration.create(username, password, email=email, roles=roles, origin=LOCAL)

    account = run(use)
    if as_json:
        made = {"id": account.id, "username": account.username, "email": account.email, "roles": account.roles}
        print_json(made | ({"password": generated} if generated else {}))
        return
    sys.stdout.write(f"Made the user {account.username} ({account.id}).\n")
    if generated:
        sys.stdout.write(f"Password (shown once): {generated}\n")
