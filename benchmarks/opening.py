"""A folder of 100,000 images opened in the real window, offscreen: how long, and with what gaps.

A timer of 10 ms ticks in the window's own thread. The longest time between two ticks is what a
person would feel; the processor time of the thread between them is what is the window's own part
in it, whatever else the machine does.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from windowed import shown, wait

from workbench.core.template import Template
from workbench.ui.main_window import MainWindow

FILES, CLASSES, SIDE = 100_000, 10, 8


def folder(root: Path, count: int) -> Path:
    """Tiny images in folders for ten classes; all of a class are links to one file."""
    draw = np.random.default_rng(0)
    for label in range(CLASSES):
        inside = root / f"class {label}"
        inside.mkdir(parents=True)
        first = inside / "000000.png"
        Image.fromarray(draw.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(first)
        for number in range(1, count // CLASSES):
            os.link(first, inside / f"{number:06}.png")
    return root


class Ticks:
    """A timer in the window's thread, and its longest times between two ticks."""

    def __init__(self) -> None:
        self.longest = self.own = 0.0
        self._last, self._last_own = time.perf_counter(), time.thread_time()
        self._timer = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self.own = max(self.own, own - self._last_own)
        self._last, self._last_own = now, own

    def told(self) -> str:
        """The longest since the last telling."""
        text = f"longest gap {1e3 * self.longest:.0f} ms, of the window's own {1e3 * self.own:.0f}"
        self.longest = self.own = 0.0
        return text


def opened(window: MainWindow, root: Path) -> None:
    ticks, since = Ticks(), time.perf_counter()
    window.opening.open(root)
    wait(lambda: window.session.document.project.data.info().title == root.name)
    print(f"window: found in {time.perf_counter() - since:.1f} s; {ticks.told()}", flush=True)
    since = time.perf_counter()
    wait(lambda: not window.session.busy)
    print(f"window: shown in {time.perf_counter() - since:.1f} s more; {ticks.told()}", flush=True)
    since = time.perf_counter()
    window.opening.reload()
    wait(lambda: not window.session.busy)
    print(f"window: read again in {time.perf_counter() - since:.1f} s; {ticks.told()}", flush=True)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = folder(Path(place) / "photos", count)
        with shown(Template.shelf["small_cnn"].project()) as window:
            opened(window, root)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES)
