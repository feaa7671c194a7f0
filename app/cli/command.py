"""The command itself: its groups, and how every failure is told: one sentence, and an exit code that is not 0."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from app.cli import check, keys, maintenance, migrate, serve, tokens, users
from app.cli.running import emit
from app.errors import DomainError, RuleViolationError
from app.settings import ConfigurationError

command = typer.Typer(
    name="signet",
    help="A self-hosted token service.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
command.command("serve")(serve.serve)
command.command("check")(check.check)
command.command("migrate")(migrate.migrate)
command.add_typer(users.command, name="users")
command.add_typer(keys.command, name="keys")
command.add_typer(tokens.command, name="tokens")
command.command("prune")(maintenance.prune)
command.command("openapi")(maintenance.openapi)


def _tell_version(*, wanted: bool) -> None:
    if wanted:
        emit(f"signet {version('signet')}\n")
        raise typer.Exit


@command.callback()
def signet(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            is_eager=True,
            callback=lambda value: _tell_version(wanted=value),
        ),
    ] = False,
) -> None:
    """A self-hosted token service."""


def main() -> None:
    """Run the command. Interrupted with ctrl-C it exits 130."""
    try:
        command(prog_name="signet")
    except (ConfigurationError, DomainError, OSError) as error:
        sentences = [str(error)]
        if isinstance(error, RuleViolationError):
            sentences += [broken.message for broken in error.broken]
        sys.stderr.write("signet: " + " ".join(sentences) + "\n")
        sys.exit(1)
