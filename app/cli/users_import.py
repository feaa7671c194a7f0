"""`signet users import`: users of other software, from a file of JSON lines, with their password hashes."""

import json
import sys
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.running import AsJson, emit, run
from app.composition import Services
from app.domain.accounts.import_file import numbered_lines
from app.domain.accounts.import_places import Outcome
from app.domain.accounts.importing import LineReport
from app.domain.audit.origin import LOCAL


def import_users(
    file: Annotated[str, typer.Argument(help="JSON lines; - reads them from stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every line, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import users with their password hashes, so that they log in with the passwords they have.

    Each line: {"username", "password_hash", "email"?, "email_verified"?, "roles"?, "is_active"?, "created_at"?}. A
    username that is an address becomes the e-mail, and a username is made from it. Every line is reported; the exit
    code is 1 when one was refused or skipped. After an interruption run it again: nobody is imported twice.
    """
    report = _JsonReport(dry_run=dry_run) if as_json else _Report(dry_run=dry_run)
    with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:

        async def use(services: Services) -> None:
            report.begin()
            async for batch in services.user_import.run(numbered_lines(stream), dry_run=dry_run, origin=LOCAL):
                report.add(batch)
            report.end()

        run(use)
    if report.counts[Outcome.REFUSED] or report.counts[Outcome.SKIPPED]:
        raise typer.Exit(1)


class _Report:
    """For people: a line of text for each line of the file, and the sums."""

    def __init__(self, *, dry_run: bool) -> None:
        self.counts: Counter[Outcome] = Counter()
        self._dry_run = dry_run
        # On a terminal that shows the report itself, the report is the progress.
        self._shows_progress = sys.stderr.isatty() and not sys.stdout.isatty()

    def begin(self) -> None:
        """Before the first line."""

    def add(self, batch: list[LineReport]) -> None:
        """Report some lines."""
        emit("".join(self._told(line) for line in batch))
        if self._shows_progress:
            sys.stderr.write(f"\r{self.counts.total()} lines")
            sys.stderr.flush()

    def end(self) -> None:
        """After the last line."""
        if self._shows_progress:
            sys.stderr.write("\n")
        lead = "Dry run, nothing was written. It would be: " if self._dry_run else ""
        emit(lead + ", ".join(f"{self.counts[outcome]} {outcome.value}" for outcome in Outcome) + ".\n")

    def _told(self, line: LineReport) -> str:
        self.counts[line.outcome] += 1
        who = " ".join(filter(None, (line.username, line.email and f"<{line.email}>")))
        if line.outcome is Outcome.IMPORTED:
            return f"line {line.line}: {'would import' if self._dry_run else 'imported'} {who}\n"
        return f"line {line.line}: {': '.join(filter(None, (line.outcome.value, who, line.reason)))}\n"


class _JsonReport(_Report):
    """One JSON document, a line of it for each line of the file, written as it comes."""

    def begin(self) -> None:
        """Open the document."""
        emit(f'{{"dry_run": {json.dumps(self._dry_run)}, "lines": [')

    def end(self) -> None:
        """Close the document with the sums."""
        emit("\n], " + json.dumps({outcome.value: self.counts[outcome] for outcome in Outcome})[1:] + "\n")

    def _told(self, line: LineReport) -> str:
        separator = "," if self.counts else ""
        self.counts[line.outcome] += 1
        return f"{separator}\n{json.dumps(asdict(line))}"
