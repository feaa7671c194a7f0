"""The command itself: its groups, and how every failure is told: one sentence, and an exit code that is not 0."""

import sys

import typer

from app.cli import keys, migrate, serve, users
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
command.command("migrate")(migrate.migrate)
command.add_typer(users.command, name="users")
command.add_typer(keys.command, name="keys")


def main() -> None:
    """Run the command."""
    try:
        command()
    except (ConfigurationError, DomainError, OSError) as error:
        sentences = [str(error)]
        if isinstance(error, RuleViolationError):
            sentences += [broken.message for broken in error.broken]
        sys.stderr.write("signet: " + " ".join(sentences) + "\n")
        sys.exit(1)
