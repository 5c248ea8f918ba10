"""Signals that ask a process to stop, turned into something that a record can still write down."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class StopSignals:
    """While installed, a request to terminate (SIGTERM) leaves the running block as `SystemExit`.

    Without it the process would be gone at once, and the record could only say "killed". While
    `is_deferred`, both SIGTERM and Ctrl-C wait, so that neither can tear what is being written
    down.

    Python runs signal handlers in the main thread; installed in another thread, this does nothing.
    """

    def __init__(self, *, ending: Callable[..., object] | None = None) -> None:
        """`ending` is the function that sets `is_deferred` first thing."""
        self.is_deferred = False
        self.was_terminated = False
        # Python looks for signals as a function begins, so this is where one is likely to be seen.
        self._ending = getattr(ending, "__code__", None)
        self._held_back: list[int] = []
        self._previous: dict[int, Any] = {}

    def install(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            # A shell starts jobs in the background with Ctrl-C ignored; that stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._handle)

    def resume(self) -> None:
        """Lets signals take effect again, first those that were held back."""
        self.is_deferred = False
        held_back, self._held_back = self._held_back, []
        for number in dict.fromkeys(held_back):
            signal.raise_signal(number)

    def restore(self) -> None:
        """Puts back the handlers of before, to whom signals that were held back are given."""
        for number, handler in self._previous.items():
            # None: the handler was not installed from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self.resume()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_ending = frame is not None and frame.f_code is self._ending
        if self.is_deferred or is_ending:
            self._held_back.append(number)
        elif number == signal.SIGTERM:
            self.was_terminated = True
            # The exit code by which shells report a process that a signal ended.
            raise SystemExit(128 + number)
        elif callable(previous := self._previous[number]):
            previous(number, frame)
        else:
            raise KeyboardInterrupt


def is_interruption(error: BaseException) -> bool:
    """Whether an exception is Ctrl-C, or the exit that Lightning makes of it."""
    if isinstance(error, SystemExit):
        return isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)
    return isinstance(error, KeyboardInterrupt)
