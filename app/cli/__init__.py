"""The `signet` command, for operators."""

from app.cli.command import main

__all__ = ["main"]
