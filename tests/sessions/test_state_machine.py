"""Sessions do what a plain model of them says, whatever happens to them and in whatever order."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sessions.machine import NewDatabase, Sessions


def walk(new_database: NewDatabase, *, examples: int, steps: int, derandomize: bool) -> None:
    class Walk(Sessions):
        def __init__(self) -> None:
            super().__init__(new_database)

    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
def test_sessions_do_what_the_model_says(new_database: NewDatabase) -> None:
    walk(new_database, examples=15, steps=25, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_sessions_do_what_the_model_says_over_long_walks(new_database: NewDatabase) -> None:
    walk(new_database, examples=100, steps=50, derandomize=False)
