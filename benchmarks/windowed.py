"""Training in the real window, offscreen, with its real engine process: parts of `fit.py`."""

import dataclasses
import gc
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from side import Side, answer
from works import TITLES, WORKS, Steady, asked, median_ratio

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from workbench.app import make_window
from workbench.core.events import Event, StepCompleted
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.ui.main_window import MainWindow
from workbench.ui.panels.curves import CurvesPanel

TURNS, SECONDS = 9, 2.0
WITHOUT_END = 1_000_000
POINTS = 1_000_000
TIMER, LATE_SECONDS = 16, 40.0  # milliseconds, seconds
STARTS = 7


@contextmanager
def shown(project: Project) -> Iterator[MainWindow]:
    """A window as the program opens it, in a home of its own, once its engine is warm."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["WORKBENCH_HOME"] = home
        app = QApplication.instance() or QApplication([])
        window = make_window(project)
        window.show()
        app.processEvents()
        window.start()
        gc.collect()
        gc.freeze()
        wait(lambda: not window.session.busy)
        try:
            yield window
        finally:
            window.session.training.stop()
            window.session.stop_all()
            wait(lambda: not window.session.busy)
            window.close()
            window.session.close()
            window.deleteLater()
            app.processEvents()


def wait(until: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    loop, clock = QEventLoop(), QTimer(interval=20)
    clock.timeout.connect(lambda: loop.quit() if until() else None)
    clock.start()
    loop.exec()


def pause(seconds: float) -> None:
    """Let the window work for a while."""
    until = time.perf_counter() + seconds
    wait(lambda: time.perf_counter() >= until)


# -- the pace, with and without a window


def window() -> None:
    """A run in the window against the same run without one."""
    for name in asked(("cnn", "mlp", "logistic")):
        with shown(WORKS[name](WITHOUT_END)) as opened, Side("windowed", "run", name) as bare:
            arrivals = started(opened)
            inside, outside = [], []
            for _ in range(TURNS):
                inside.append(pace(opened, arrivals))
                outside.append(bare.turn())
        print(
            f"window: {TITLES[name]}: {median_ratio(inside, outside):.2f} of the pace without it "
            f"({1e3 * statistics.median(inside):.3g} and {1e3 * statistics.median(outside):.3g} ms "
            "a step)",
            flush=True,
        )


Arrivals = list[tuple[float, int]]


def started(opened: MainWindow) -> Arrivals:
    """Train, and pause at once; gives when events came, and the last step that each told of."""
    arrivals: Arrivals = []

    def come(events: list[Event]) -> None:
        steps = [event.step for event in events if isinstance(event, StepCompleted)]
        if steps:
            arrivals.append((time.perf_counter(), steps[-1]))

    opened.session.reported.connect(come)
    opened.run_bar.main.click()
    wait(lambda: len(arrivals) > 30)
    opened.session.training.pause()
    pause(0.3)
    return arrivals


def pace(opened: MainWindow, arrivals: Arrivals) -> float:
    """Seconds per step of a turn in the window."""
    arrivals.clear()
    opened.session.training.go_on()
    # The first to come is what was held back at the pause; from then on they come as they are made.
    wait(lambda: len(arrivals) > 2 and arrivals[-1][0] - arrivals[1][0] >= SECONDS)
    (since, first), (now, last) = arrivals[1], arrivals[-1]
    opened.session.training.pause()
    pause(0.3)
    return (now - since) / (last - first)


def side(_: str, name: str) -> None:
    """The run without a window."""
    from workbench.engine import machine, sinks

    machine.tune_allocator()
    project = WORKS[name](WITHOUT_END)
    answer(None)
    with tempfile.TemporaryDirectory() as folder:
        run = Steady(sinks.train(project, create_run(project, Path(folder)).folder))
        while True:
            answer(run.pace(SECONDS))


# -- how late the window is


def late() -> None:
    """A timer in the window while it trains on all cores, with plots of a million points."""
    with shown(WORKS["cnn"](WITHOUT_END)) as opened:
        session, told = opened.session, opened.session.run_told

        def behind(events: list[Event]) -> None:
            """What the run tells, put behind the steps that were there before."""
            told([_moved(event) for event in events])

        session.run_told = behind  # type: ignore[method-assign]
        opened.run_bar.main.click()
        panel = opened.panels["loss"]
        assert isinstance(panel, CurvesPanel)
        wait(lambda: panel.train.length > 0)
        panel.clear()
        opened.panels["accuracy"].clear()  # type: ignore[attr-defined]
        session.reported.emit(past())
        pause(3.0)
        ticks: list[float] = []
        clock = QTimer(interval=TIMER, timerType=Qt.TimerType.PreciseTimer)
        clock.timeout.connect(lambda: ticks.append(time.perf_counter()))
        clock.start()
        pause(LATE_SECONDS)
        clock.stop()
        points = panel.train.length
    gaps = [1e3 * (after - before) - TIMER for before, after in pairwise(ticks)]
    gaps.sort()
    print(
        f"late: a timer of {TIMER} ms with plots of {points:,} points while training: late by "
        f"{gaps[int(0.99 * len(gaps))]:.1f} ms at p99, {gaps[-1]:.1f} ms at most "
        f"({len(ticks):,} ticks, {gaps[len(gaps) // 2]:.1f} ms at the median)",
        flush=True,
    )


def _moved(event: Event) -> Event:
    if hasattr(event, "step") and type(event).__name__ != "RunStarted":
        return dataclasses.replace(event, step=event.step + POINTS)  # type: ignore[call-arg]
    return event


def past() -> list[Event]:
    """A loss that falls over a million steps, with noise."""
    return [
        StepCompleted(
            step=step,
            epoch=1 + step // 1000,
            seconds=step / 1_000,
            samples=64,
            metrics={
                "loss": 2 / (1 + step / 5_000) + 0.1 * math.sin(step * 12.9898),
                "accuracy": 0.8 + 0.1 * math.sin(step * 78.233),
            },
            lr=0.1,
        )
        for step in range(1, POINTS + 1)
    ]


# -- how soon there is something to see


class FirstPaint(QObject):
    """Notes when the Loss panel has first painted a loss."""

    def __init__(self, opened: MainWindow) -> None:
        super().__init__(opened)
        panel = opened.panels["loss"]
        assert isinstance(panel, CurvesPanel)
        self._panel, self._plot = panel, panel.make_plot()
        self.at: float | None = None
        self._plot.viewport().installEventFilter(self)

    def again(self) -> None:
        """Wait for the next run."""
        self.at = None
        self._plot.raw.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        drawn = self._panel.train.length and self._plot.raw.getOriginalDataset()[0] is not None
        if event.type() == QEvent.Type.Paint and drawn and self.at is None:
            self.at = time.perf_counter()
        return False


def first() -> None:
    """From the click on Train to the first painted loss, the engine process being warm."""
    with shown(WORKS["cnn"](WITHOUT_END)) as opened:
        paint, taken = FirstPaint(opened), []
        for _ in range(STARTS):
            paint.again()
            since = time.perf_counter()
            opened.run_bar.main.click()
            wait(lambda: paint.at is not None)
            assert paint.at is not None
            taken.append(paint.at - since)
            opened.session.training.stop()
            wait(lambda: opened.session.state == "idle" and not opened.session.busy)
    print(
        f"first: {statistics.median(taken):.2f} s from the click on Train to the first painted "
        f"loss (median of {STARTS}; {min(taken):.2f} to {max(taken):.2f}; the very first "
        f"{taken[0]:.2f})",
        flush=True,
    )


if __name__ == "__main__":
    side(*sys.argv[1:])
