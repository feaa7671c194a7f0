"""Imports users of other software, with their password hashes, in batches that are each stored as a whole.

What was imported stays when the rest fails, and a second run changes nothing: a user who is here is recognised by the
username, or by the address where the file names only that.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from app.clock import Clock, milliseconds
from app.database.engine import Database, Transaction
from app.domain.accounts.account import Account, NewUser
from app.domain.accounts.identifiers import Identifier
from app.domain.accounts.import_file import LONGEST_LINE
from app.domain.accounts.import_line import ImportedUser, RefusedLineError, judge_line
from app.domain.accounts.import_places import Outcome, Places, Taken, Verdict
from app.domain.accounts.repository import UserRepository
from app.domain.audit.events import Audit, Event
from app.domain.audit.origin import Origin
from app.ids import new_id

_BATCH = 500
_ROUNDS = 3
"""Somebody may take a name between the question who has it and the insert: then it is asked again."""


@dataclass(frozen=True, slots=True)
class LineReport:
    """What became of a line, and whom it means if that could be read; `reason` is a sentence, unless imported."""

    line: int
    outcome: Outcome
    username: str | None = None
    email: str | None = None
    reason: str | None = None


class UserImport:
    """Importing users."""

    def __init__(self, *, database: Database, users: UserRepository, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._users = users
        self._audit = audit
        self._clock = clock

    async def run(
        self, lines: Iterable[tuple[int, bytes | None]], *, dry_run: bool, origin: Origin
    ) -> AsyncIterator[list[LineReport]]:
        """Import numbered lines (None: one too long to be held); what became of each, in batches.

        A batch is told once it is committed. A dry run judges in the same way and writes nothing.

        Raises:
            DatabaseUnavailableError: what was told is done; run it again to go on.
        """
        places = Places()
        numbered = iter(lines)
        imported = 0
        try:
            while batch := list(islice(numbered, _BATCH)):
                reports = await self._import_batch(batch, places, dry_run=dry_run)
                if not dry_run:
                    imported += sum(report.outcome is Outcome.IMPORTED for report in reports)
                yield reports
        finally:  # one event for all, since the report names each; also when the rest could not be imported
            if imported:
                self._audit.record(Event.USERS_IMPORTED, count=imported, origin=origin)

    async def _import_batch(
        self, batch: list[tuple[int, bytes | None]], places: Places, *, dry_run: bool
    ) -> list[LineReport]:
        reports: dict[int, LineReport] = {}
        users: dict[int, ImportedUser] = {}
        for number, line in batch:
            try:
                users[number] = _read(line, self._clock.now())
            except RefusedLineError as error:
                reports[number] = LineReport(number, Outcome.REFUSED, reason=str(error))
        if users:
            async with self._database.statement() if dry_run else self._database.transaction() as db:
                verdicts = await self._settle(db, users, places, dry_run=dry_run)
            reports |= {number: _report(number, users[number], verdict) for number, verdict in verdicts.items()}
        return [reports[number] for number, _ in batch]

    async def _settle(
        self, db: Transaction, users: dict[int, ImportedUser], places: Places, *, dry_run: bool
    ) -> dict[int, Verdict]:
        """Store those who are new and can be, and say of each what became of them."""
        verdicts: dict[int, Verdict] = {}
        pending = users
        for _ in range(_ROUNDS):
            taken = await self._taken(db, pending.values())
            judged = {number: places.judge(number, user, taken) for number, user in pending.items()}
            verdicts |= judged
            if dry_run:
                return verdicts
            rows = {
                number: _new_user(users[number], verdict.username, db.now)
                for number, verdict in judged.items()
                if verdict.username is not None
            }
            stored = await self._users.insert_free(db, list(rows.values()))
            pending = {number: users[number] for number, row in rows.items() if row.account.id not in stored}
            if not pending:
                return verdicts
            for number in pending:
                places.give_back(rows[number].username_key, rows[number].email_key)
        contested = Verdict(Outcome.REFUSED, reason="Others are taking the same names just now: run it again.")
        return verdicts | dict.fromkeys(pending, contested)

    async def _taken(self, db: Transaction, users: Collection[ImportedUser]) -> Taken:
        rows = await self._users.list_keys(
            db,
            [username.key for user in users for username in user.usernames],
            [user.email.key for user in users if user.email],
        )
        return Taken(
            frozenset(username_key for username_key, _ in rows),
            {email_key: username_key for username_key, email_key in rows if email_key is not None},
        )


def _read(line: bytes | None, now: datetime) -> ImportedUser:
    if line is None:
        raise RefusedLineError(f"The line is longer than {LONGEST_LINE // 1024} KiB.")
    return judge_line(line, now)


def _new_user(user: ImportedUser, username: Identifier, now: datetime) -> NewUser:
    account = Account(
        id=new_id(),
        username=username.shown,
        email=user.email and user.email.shown,
        email_verified=user.email_verified,
        is_active=user.is_active,
        roles=user.roles,
        epoch=milliseconds(now),
        created_at=user.created_at or now,
        updated_at=now,
        last_login_at=None,
    )
    return NewUser(account, username.key, user.email and user.email.key, user.password_hash)


def _report(number: int, user: ImportedUser, verdict: Verdict) -> LineReport:
    username = verdict.username or (None if user.has_made_username else user.usernames[0])
    return LineReport(
        number,
        verdict.outcome,
        username=username and username.shown,
        email=user.email and user.email.shown,
        reason=verdict.reason,
    )
