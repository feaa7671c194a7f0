from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.domain.revocation.entries import Entry, Kind, entry_from_row
from app.domain.revocation.index import RevocationIndex
from tests.revocation.support import refuses

NOW = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=12)
SUBJECT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def entry(
    kind: Kind, subject: str = str(SUBJECT), *, epoch: int | None = None, expires_at: datetime | None = SOON
) -> Entry:
    return Entry(kind, subject, epoch, "test", NOW, expires_at)


@pytest.mark.parametrize(
    ("one", "session", "token", "user", "key"),
    [
        (entry(Kind.SESSION), True, False, False, False),
        (entry(Kind.TOKEN), False, True, False, False),
        (entry(Kind.USER, epoch=7), False, False, True, False),
        (entry(Kind.KEY, expires_at=None), False, False, False, True),
    ],
)
def test_an_entry_refuses_its_own_kind_and_no_other(
    one: Entry, *, session: bool, token: bool, user: bool, key: bool
) -> None:
    index = RevocationIndex()

    index.apply([one])

    assert refuses(index, session=SUBJECT) is session
    assert refuses(index, token=str(SUBJECT)) is token
    assert refuses(index, user=SUBJECT, epoch=6) is user
    assert refuses(index, key=str(SUBJECT)) is key
    assert not refuses(index, session=uuid4(), token=str(uuid4()), user=uuid4(), key="other")


def test_a_user_entry_refuses_lower_epochs_only() -> None:
    index = RevocationIndex()

    index.apply([entry(Kind.USER, epoch=7)])

    assert [refuses(index, user=SUBJECT, epoch=epoch) for epoch in (0, 6, 7, 8)] == [True, True, False, False]


def test_applying_again_is_no_news_and_changes_nothing() -> None:
    index, entries = RevocationIndex(), [entry(Kind.SESSION), entry(Kind.USER, epoch=7)]

    first, second = index.apply(entries), index.apply(entries)

    assert (first, second) == (entries, [])
    assert index.sizes() == {Kind.SESSION: 1, Kind.TOKEN: 0, Kind.USER: 1, Kind.KEY: 0}


@pytest.mark.parametrize("turn", [1, -1])
def test_of_several_entries_for_a_user_the_highest_epoch_and_the_latest_expiry_stay_in_any_order(turn: int) -> None:
    index = RevocationIndex()
    entries = [
        entry(Kind.USER, epoch=9, expires_at=SOON),
        entry(Kind.USER, epoch=7, expires_at=SOON + timedelta(hours=1)),
    ]

    index.apply(entries[::turn])
    index.prune(SOON + timedelta(minutes=30))

    assert refuses(index, user=SUBJECT, epoch=8)
    assert index.prune(SOON + timedelta(hours=2)) == 1
    assert not refuses(index, user=SUBJECT, epoch=8)


def test_an_entry_stays_to_its_expiry_and_goes_within_a_minute_after() -> None:
    index = RevocationIndex()
    index.apply([entry(Kind.SESSION), entry(Kind.TOKEN)])

    at_its_expiry, a_minute_later = index.prune(SOON), index.prune(SOON + timedelta(minutes=1))

    assert (at_its_expiry, a_minute_later) == (0, 2)
    assert not refuses(index, session=SUBJECT)


def test_a_prolonged_entry_outlives_its_first_expiry() -> None:
    index = RevocationIndex()
    index.apply([entry(Kind.SESSION), entry(Kind.SESSION, expires_at=SOON + timedelta(hours=1))])

    dropped = index.prune(SOON + timedelta(minutes=30))

    assert dropped == 0
    assert refuses(index, session=SUBJECT)


def test_a_key_is_refused_for_ever() -> None:
    index = RevocationIndex()
    index.apply([entry(Kind.KEY, "stolen", expires_at=None)])

    index.prune(NOW + timedelta(days=36_500))

    assert refuses(index, key="stolen")


def test_pruning_takes_one_slice_a_call() -> None:
    index = RevocationIndex()
    index.apply([entry(Kind.SESSION, str(uuid4())) for _ in range(25)])

    slices = [index.prune(SOON + timedelta(hours=1), limit=10) for _ in range(4)]

    assert slices == [10, 10, 5, 0]
    assert index.sizes()[Kind.SESSION] == 0


@pytest.mark.parametrize(
    ("kind", "subject", "epoch"),
    [("client", "some", None), ("session", "no-uuid", None), ("user", str(SUBJECT), None), ("token", "some", 3)],
)
def test_a_row_that_this_release_does_not_understand_is_passed_over(kind: str, subject: str, epoch: int | None) -> None:
    found = entry_from_row((kind, subject, epoch, "test", NOW, SOON))

    assert found is None
