"""Stop signals, handled so that a record can still write its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a scheduler's or service's request, and the terminal that was closed."""


def handle_stopping(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Has a function called for signals that ask this process to stop, and returns the handlers of
    before."""
    return {
        number: signal.signal(number, handler)
        for number in STOPPING
        # A shell starts jobs in the background with Ctrl-C ignored, and nohup ignores SIGHUP; that
        # stays so.
        if signal.getsignal(number) is not signal.SIG_IGN
    }


class StopSignals:
    """While installed, a request to stop leaves the running block: SIGTERM and SIGHUP as
    `SystemExit`, Ctrl-C as `KeyboardInterrupt`.

    Without it the process would be gone at once, and the record could only say "killed". While
    `is_deferred`, all of them wait, so that none can tear what is being written down.

    Python runs signal handlers in the main thread; installed in another thread, this does nothing.
    """

    def __init__(self, *, ending: Callable[..., object] | None = None) -> None:
        """`ending` is the function that sets `is_deferred` first thing."""
        self.is_deferred = False
        self.requested: int | None = None
        """The signal that asked to stop, as soon as it took effect."""
        # Python looks for signals as a function begins, so this is where one is likely to be seen.
        self._ending = getattr(ending, "__code__", None)
        self._held_back: list[int] = []
        self._previous: dict[int, Any] = {}

    def install(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._previous = handle_stopping(self._handle)

    def __enter__(self) -> StopSignals:
        self.install()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.restore(is_left=kind is not None)

    def stop_if_asked(self) -> None:
        """Leaves the block if a request did not, see `_handle`; to be called between steps."""
        if self.requested is not None:
            self._leave(self.requested)

    def resume(self) -> None:
        """Lets signals take effect again, first those that were held back."""
        self.is_deferred = False
        held_back, self._held_back = self._held_back, []
        for number in dict.fromkeys(held_back):
            signal.raise_signal(number)

    def restore(self, *, is_left: bool = True) -> None:
        """Puts back the handlers of before, to whom signals that were held back are given.

        Args:
            is_left: whether an exception has left the block; without one a request that had no
                effect is given to them too.
        """
        for number, handler in self._previous.items():
            # None: the handler was not installed from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if self.requested is not None and not is_left:
            self._held_back.append(self.requested)
        self.resume()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_ending = frame is not None and frame.f_code is self._ending
        previous = self._previous[number]
        if self.is_deferred or is_ending:
            self._held_back.append(number)
        elif (
            number == signal.SIGINT
            and callable(previous)
            and previous is not signal.default_int_handler
        ):
            previous(number, frame)
        else:
            # Python may be in a finaliser or the callback of a weak reference just now, where it
            # prints exceptions and goes on. `stop_if_asked` then raises the next one.
            self.requested = number
            self._leave(number)

    def _leave(self, number: int) -> NoReturn:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        # The exit code by which shells report a process that a signal ended.
        raise SystemExit(128 + number)


def is_interruption(error: BaseException) -> bool:
    """Whether an exception is Ctrl-C, or the exit that Lightning makes of it."""
    if isinstance(error, SystemExit):
        return isinstance(error.__cause__ or error.__context__, KeyboardInterrupt)
    return isinstance(error, KeyboardInterrupt)
