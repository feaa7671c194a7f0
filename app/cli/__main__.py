"""`python -m app.cli` is `signet`."""

from app.cli.command import main

main()
