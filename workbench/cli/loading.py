"""Loading data, told on standard error while it lasts: what, how much of it, how long yet."""

import sys
import time
from contextlib import closing

from workbench.cli.progress import DRAW_SECONDS, bar, drawn
from workbench.core.clock import clock
from workbench.core.data import DatasetSpec
from workbench.core.events import Event, Progress

LINE_SECONDS = 5.0
"""Where no terminal can draw a line anew, there are few of them."""


def load(data: DatasetSpec, silent: bool) -> None:
    """Load the samples, which whoever asks next finds loaded; an interrupt ends it.

    Raises:
        UserError: the files are missing or damaged.
    """
    from workbench.engine.batches import loading

    told = Told()
    with closing(loading(data)) as events:
        for event in events:
            if not silent:
                told(event)
    told.end()


class Told:
    """Progress as a line that moves on a terminal; elsewhere as a line now and then."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._each = DRAW_SECONDS if self._moves else LINE_SECONDS
        self._text, self._since, self._next = "", 0.0, 0.0
        self._is_drawn = False

    def __call__(self, event: Event) -> None:
        """Show it, unless something was shown just before."""
        if not isinstance(event, Progress):
            return
        now = time.monotonic()
        if event.text != self._text:  # what is over before its turn comes needs no word
            self._text, self._since, self._next = event.text, now, now + self._each
        if now >= self._next:
            self._next = now + self._each
            self._show(_line(event, now - self._since))

    def _show(self, line: str) -> None:
        if self._moves:
            self._is_drawn = True
            drawn(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line that was drawn."""
        if self._is_drawn:
            drawn("")


def _line(event: Progress, seconds: float) -> str:
    """What is done `seconds` after its beginning."""
    if not 0 < event.done <= event.total:
        return f"{event.text} {event.done:,}" if event.done else event.text
    left = seconds / event.done * (event.total - event.done)
    return f"{event.text} {bar(event.done / event.total)} · {clock(left)} left"
