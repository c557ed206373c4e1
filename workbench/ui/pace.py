"""`Pace`: how far something long is, in words, with the time that is left."""

import time

from workbench.core.clock import clock
from workbench.core.events import Progress
from workbench.ui.text import tr

SURE_SECONDS = 1.0
"""Before, the time that is left is a guess that jumps."""
MEGABYTE = 1e6


class Pace:
    """Follows the words of a Job; each part, which has a text of its own, is measured anew."""

    def __init__(self) -> None:
        self._text, self._first, self._since = "", 0, 0.0

    def told(self, progress: Progress) -> str:
        """`Downloading MNIST (1 of 4)… 3.1 of 9.9 MB · 00:12 left`."""
        if progress.text != self._text:
            self._text, self._first, self._since = progress.text, progress.done, time.monotonic()
        counts = _counts(progress)
        told = tr(progress.text) + "…" + (f" {counts}" if counts else "")
        seconds, done = time.monotonic() - self._since, progress.done - self._first
        if seconds < SURE_SECONDS or done <= 0 or progress.total <= progress.done:
            return told
        left = seconds * (progress.total - progress.done) / done
        return told + " · " + tr("{time} left", time=clock(left))


def _counts(progress: Progress) -> str:
    if progress.bytes:
        done, total = progress.done / MEGABYTE, progress.total / MEGABYTE
        counts, unit = (f"{done:.1f}", f"{total:.1f}"), " MB"
    else:
        counts, unit = (f"{progress.done:,}", f"{progress.total:,}"), ""
    if progress.total:
        return tr("{done} of {total}", done=counts[0], total=counts[1]) + unit
    return counts[0] + unit if progress.done else ""
