"""Many drawn situations, each of which is taken or refused with a sentence; all else is a fault."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis.strategies import SearchStrategy

from mental_health_classifier.contracts import InputError


@dataclass(slots=True)
class Tally:
    tried: int = 0
    accepted: int = 0
    clear: int = 0
    """Refused with one message that says what to do."""


@pytest.fixture
def try_many(request: pytest.FixtureRequest, show: Callable[[str], None]) -> Callable[..., Tally]:
    """Calls `attempt` with `number` situations; what it raises beside `clear` fails the test, with
    the smallest situation that does so. A hang ends with the time limit of the test.

    MHC_FUZZ_NUMBER says how many a slow test tries instead.

    The same situations each time; in a slow test others each time, unless MHC_FUZZ_SEED says which,
    and the seed is printed with the counts.
    """
    is_slow = request.node.get_closest_marker("slow") is not None
    seed = int(os.environ.get("MHC_FUZZ_SEED") or secrets.randbits(32)) if is_slow else 1

    def tried(
        situations: SearchStrategy[Any],
        attempt: Callable[[Any], object],
        *,
        number: int,
        clear: tuple[type[Exception], ...] = (InputError,),
    ) -> Tally:
        tally = Tally()
        if is_slow:
            number = int(os.environ.get("MHC_FUZZ_NUMBER") or number)

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=number,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(situations)
        def try_one(situation: Any) -> None:
            tally.tried += 1
            try:
                attempt(situation)
            except clear:
                tally.clear += 1
            else:
                tally.accepted += 1

        try:
            try_one()
        finally:
            if is_slow:
                show(f"{request.node.name}: MHC_FUZZ_SEED={seed}, {tally}")
        return tally

    return tried
