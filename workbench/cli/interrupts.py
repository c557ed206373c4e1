"""SIGINT and SIGTERM: they end a command at once, or let training stop after its step."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

INTERRUPTED = 130
"""The exit code of a command that a signal ended."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

# Wrappers such as make pass on a Ctrl+C that the terminal has sent to us as well: that is one.
SAME_SECONDS = 1.0


class Interrupts:
    """While entered, a signal ends the process; while `held`, the first one is only noted.

    Nothing is raised: an exception in the middle of an import leaves modules half made, and those
    that import them in a `try` go on (numpy then recurses until it fails).
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
        again = self.came and time.monotonic() - self._first > SAME_SECONDS
        if again or not self._held:
            os._exit(INTERRUPTED)
        if not self.came:
            self.came, self._first = True, time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """For work that must not be cut: a signal only sets `came`, a second one ends it yet."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
