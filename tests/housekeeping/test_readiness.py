"""Whether this worker can serve."""

from pathlib import Path

from app.composition import build_services
from tests.support.service import MovableClock, settings_for_tests


async def test_a_database_without_a_schema_is_named_with_the_remedy(empty_database_url: str, tmp_path: Path) -> None:
    services = build_services(settings_for_tests(empty_database_url, tmp_path), MovableClock())

    checks = await services.readiness.checks()
    await services.stop()

    assert checks["database"].ok
    assert not checks["migrations"].ok
    assert "run `signet migrate`" in checks["migrations"].detail
