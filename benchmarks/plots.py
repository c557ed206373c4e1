"""Milliseconds a frame of the Loss panel while events arrive, by the length of its curve.

A frame is all that the window's thread does for it: 70 steps taken over, the curves drawn anew and
the panel painted. Fifteen arrive a second, as in a run of 1,000 steps a second.
"""

import math
import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from workbench.app import FIRST
from workbench.core.events import EpochCompleted, Event, RunStarted, StepCompleted
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.dock import Dock
from workbench.ui.panels.curves import CurvesPanel
from workbench.ui.session import Session
from workbench.ui.settings import Settings
from workbench.ui.theme import Theme

LENGTHS = (1_000, 100_000, 1_000_000)
FRAMES = 60
BATCH = 70
STEPS_PER_EPOCH = 1_000


def events(first: int, last: int) -> list[Event]:
    """What a run tells of its steps from `first` to `last`: a loss that falls, with noise."""
    told: list[Event] = []
    for step in range(first, last + 1):
        loss = 2.0 / (1.0 + step / 5_000) + 0.1 * math.sin(step * 12.9898) * math.cos(step * 78.233)
        told.append(
            StepCompleted(
                step=step,
                epoch=1 + step // STEPS_PER_EPOCH,
                seconds=step / 1_000,
                samples=64,
                metrics={"loss": loss},
                lr=0.1,
            )
        )
        if step % STEPS_PER_EPOCH == 0:
            told.append(
                EpochCompleted(
                    epoch=step // STEPS_PER_EPOCH,
                    step=step,
                    seconds=step / 1_000,
                    samples_per_second=64_000.0,
                    train={"loss": loss},
                    val={"loss": loss + 0.1},
                    best=True,
                )
            )
    return told


def shown_panel(project: Project) -> tuple[QMainWindow, CurvesPanel]:
    """A window with a Loss panel, 700 x 400 pixels."""
    settings = Settings()
    session = Session(project, settings, Theme(settings.theme))
    window, dock = QMainWindow(), Dock("loss", "Loss", "What training makes small")
    session.setParent(window)
    panel = CurvesPanel(session, dock)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.resize(700, 400)
    window.show()
    session.training.state = "running"
    return window, panel


def frames(panel: CurvesPanel, length: int) -> list[float]:
    """Milliseconds of each of `FRAMES` frames, the first curve of `length` being drawn already."""
    session, done = panel.session, []
    session.reported.emit([started(), *events(1, length)])
    session.drawing.now()
    QApplication.processEvents()
    loop, clock = QEventLoop(), QTimer(interval=66)

    def frame() -> None:
        batch = events(panel.train.length + 1, panel.train.length + BATCH)
        begun = time.perf_counter()
        session.reported.emit(batch)
        session.drawing.now()
        QApplication.processEvents()
        done.append(1_000 * (time.perf_counter() - begun))
        if len(done) == FRAMES:
            loop.quit()

    clock.timeout.connect(frame)
    clock.start()
    loop.exec()
    clock.stop()
    return done


def started() -> RunStarted:
    return RunStarted(
        run="run",
        device="cpu",
        threads=1,
        parameters=1,
        samples=64 * STEPS_PER_EPOCH,
        batch_size=64,
        steps_per_epoch=STEPS_PER_EPOCH,
        epochs=10_000,
        step=0,
    )


def measure(length: int) -> None:
    """Print the frames of one length."""
    window, panel = shown_panel(Template.shelf[FIRST].project())
    done = sorted(frames(panel, length))
    print(
        f"{length:>9,} points: {statistics.median(done):.1f} ms a frame "
        f"(median of {len(done)}; 95 % below {done[int(0.95 * len(done))]:.1f})",
        flush=True,
    )
    window.close()


if __name__ == "__main__":
    app = QApplication([])
    for length in LENGTHS:
        measure(length)
