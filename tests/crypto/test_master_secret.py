"""The master secret of the embedded default."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import SecretStr

from app.crypto.master_secret import read_or_make
from app.settings.sources import strong_secret


def test_it_is_made_once_strong_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"

    secret, made = read_or_make(path)
    again, made_again = read_or_make(path)

    assert (made, made_again) == (True, False)
    assert secret == again
    assert strong_secret(SecretStr(secret))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_of_several_that_start_at_once_one_makes_it_for_all(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: read_or_make(path), range(16)))

    assert len({secret for secret, _ in found}) == 1
    assert sum(made for _, made in found) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]
