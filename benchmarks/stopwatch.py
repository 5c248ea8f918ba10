"""Where time goes, by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Adds up seconds, of the clock and of the processor, by the name of what they went to.

    What is measured within something that is measured counts there, once.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self._is_running = False

    def measure(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, measured whenever it is done."""

        def measured(*arguments: Any, **keywords: Any) -> Any:
            if self._is_running:
                return work(*arguments, **keywords)
            start, processor_start = time.perf_counter(), time.process_time()
            self._is_running = True
            try:
                return work(*arguments, **keywords)
            finally:
                self._is_running = False
                spent = self.seconds.setdefault(name, [0.0, 0.0])
                spent[0] += time.perf_counter() - start
                spent[1] += time.process_time() - processor_start

        return measured
