from collections.abc import Iterator

import pytest

from app.crypto.passwords import PasswordHasher


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    """One that takes microseconds instead of tens of milliseconds."""
    hasher = PasswordHasher(memory_kib=64, time_cost=1, concurrency=1, queue=8, slots=None)
    yield hasher
    hasher.close()
