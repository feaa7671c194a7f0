"""The `signet` command, for operators."""


def main() -> None:
    """Run the command."""
