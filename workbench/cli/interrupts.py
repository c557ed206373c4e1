"""SIGINT and SIGTERM: they end a command at once, or let training stop after its step."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)

# Wrappers such as make pass on a Ctrl+C that the terminal has sent to us as well: that is one.
SAME_SECONDS = 1.0


class Interrupts:
    """While entered, a signal raises KeyboardInterrupt, or is only noted while `held`.

    A second one ends the process at once, which costs what was done since the last checkpoint.
    """

    def __init__(self) -> None:
        self.came = False
        self._held = False
        self._first = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            if time.monotonic() - self._first > SAME_SECONDS:
                os._exit(130)
            return
        self.came, self._first = True, time.monotonic()
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """From here on a signal only sets `came`.

        Raises:
            KeyboardInterrupt: one came before, and its exception was lost in a callback of C.
        """
        self._held = True
        try:
            if self.came:
                raise KeyboardInterrupt
            yield
        finally:
            self._held = False
