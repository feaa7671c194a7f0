"""`signet users …`: make users (the first administrator too, since no default account exists), see and change them."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import typer

from app.cli import users_import
from app.cli.running import AsJson, emit, moment, print_json, print_table, read_stdin, run
from app.composition import Services
from app.domain.accounts.account import ADMIN, Account, UserFilter
from app.domain.audit.origin import LOCAL
from app.domain.sessions.session import EndReason

command = typer.Typer(help="Make users, see and change them.", no_args_is_help=True, rich_markup_mode=None)
command.command("import")(users_import.import_users)
_PAGE = 500
_SHOWN = (
    "id",
    "username",
    "email",
    "email_verified",
    "is_active",
    "roles",
    "created_at",
    "updated_at",
    "last_login_at",
)
User = Annotated[str, typer.Argument(metavar="USER", help="Their username, e-mail address or id.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role, such as `admin`.")]


@command.command("create")
def create(
    username: Annotated[str, typer.Argument(help="3 to 64 letters, digits, '.', '_' or '-'.")],
    email: Annotated[str | None, typer.Option(help="Their e-mail address.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Give them the role admin.")] = False,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a user. Without --password-stdin a password is made and printed, once."""
    generated = None if password_stdin else secrets.token_urlsafe(18)
    password = generated or read_stdin().removesuffix("\n")

    async def use(services: Services) -> Account:
        roles = (ADMIN,) if admin else ()
        return await services.registration.create(username, password, email=email, roles=roles, origin=LOCAL)

    account = run(use)
    if as_json:
        made = {"id": account.id, "username": account.username, "email": account.email, "roles": account.roles}
        print_json(made | ({"password": generated} if generated else {}))
        return
    emit(f"Made the user {account.username} ({account.id}).\n")
    if generated:
        emit(f"Password (shown once): {generated}\n")


@command.command("list")
def list_users(
    search: Annotated[str | None, typer.Option(help="Part of the username or the address.")] = None,
    role: Annotated[str | None, typer.Option(help="Only those who hold this role.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Only those who may log in, or not.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List users, in the order in which they came."""
    which = UserFilter(search, role, active)

    async def use(services: Services) -> list[Account]:
        found: list[Account] = []
        while page := await services.profiles.list_page(which, after=found[-1].id if found else None, limit=_PAGE):
            found += page
        return found

    accounts = run(use)
    if as_json:
        print_json([_fields(account) for account in accounts])
        return
    rows = [
        [
            account.username,
            account.email or "-",
            " ".join(account.roles) or "-",
            "active" if account.is_active else "disabled",
            moment(account.created_at),
            moment(account.last_login_at),
            str(account.id),
        ]
        for account in accounts
    ]
    print_table(["USERNAME", "EMAIL", "ROLES", "STATE", "CREATED", "LAST LOGIN", "ID"], rows)


@command.command("show")
def show(user: User, as_json: AsJson = False) -> None:
    """Show a user, and how many live sessions they have."""

    async def use(services: Services) -> dict[str, Any]:
        account = await services.profiles.get_named(user)
        return _fields(account) | {"live_sessions": await services.session_endings.count_live(account.id)}

    shown = run(use)
    if as_json:
        print_json(shown)
        return
    print_table(["FIELD", "VALUE"], [[name, _cell(value)] for name, value in shown.items()])


@command.command("disable")
def disable(user: User, as_json: AsJson = False) -> None:
    """End every session of a user and refuse every token of theirs, until they are enabled again."""

    async def change(services: Services, account: Account) -> Account:
        return await services.activation.disable(account.id, actor_id=None, origin=LOCAL)

    _change(user, change, "is disabled", as_json=as_json)


@command.command("enable")
def enable(user: User, as_json: AsJson = False) -> None:
    """Let a user log in again. Sessions that were ended stay ended."""

    async def change(services: Services, account: Account) -> Account:
        return await services.activation.enable(account.id, actor_id=None, origin=LOCAL)

    _change(user, change, "is enabled", as_json=as_json)


@command.command("grant")
def grant(user: User, role: Role, as_json: AsJson = False) -> None:
    """Give a user a role. It is in their next token."""

    async def change(services: Services, account: Account) -> Account:
        return await services.roles.grant(account.id, role, actor_id=None, origin=LOCAL)

    _change(user, change, f"has the role {role}", as_json=as_json)


@command.command("revoke-role")
def revoke_role(user: User, role: Role, as_json: AsJson = False) -> None:
    """Take a role from a user. Their live access tokens are refused; the next refresh brings what is left."""

    async def change(services: Services, account: Account) -> Account:
        return await services.roles.take(account.id, role, actor_id=None, origin=LOCAL)

    _change(user, change, f"does not have the role {role}", as_json=as_json)


@command.command("logout")
def logout(user: User, as_json: AsJson = False) -> None:
    """End every session of a user, and refuse every access token issued until now."""

    async def change(services: Services, account: Account) -> Account:
        reason = EndReason.ENDED_BY_ADMIN
        await services.activation.sign_out_everywhere(account.id, reason, actor_id=None, origin=LOCAL)
        return await services.profiles.get(account.id)

    _change(user, change, "is logged out everywhere", as_json=as_json)


def _change(
    user: str, change: Callable[[Services, Account], Awaitable[Account]], outcome: str, *, as_json: bool
) -> None:
    async def use(services: Services) -> Account:
        return await change(services, await services.profiles.get_named(user))

    account = run(use)
    if as_json:
        print_json(_fields(account))
        return
    emit(f"{account.username} ({account.id}) {outcome}.\n")


def _fields(account: Account) -> dict[str, Any]:
    return {name: getattr(account, name) for name in _SHOWN}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value) or "-"
    if isinstance(value, datetime):
        return moment(value)
    return "-" if value is None else str(value)
