"""What the last session left behind, offered when the next one starts: unsaved changes, and a run
that was interrupted."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.project import Project
from workbench.core.run_list import ListedRun, RunsListed, list_runs
from workbench.core.run_of_project import project_as_changed
from workbench.core.runs import Run
from workbench.ui.text import tr
from workbench.ui.work import Work

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

AMONG = 5  # of the runs that said something last
TRIES, PAUSE = 12, 0.5  # the engine of a window that was killed has 5 s to keep its checkpoint


def last_runs(runs_dir: Path) -> Generator[Event]:
    """The runs that said something last, that one first; told again as long as one is at work,
    since the engine of a window that is gone may just be keeping its checkpoint.

    Raises:
        UserError: the folder can't be read.
    """
    for _ in range(TRIES):
        names = [name for _, name in sorted(_times(runs_dir), reverse=True)[:AMONG]]
        found = [run for batch in list_runs(runs_dir, names) for run in batch.runs]
        runs = tuple(sorted(found, key=lambda run: names.index(run.run.name)))
        yield RunsListed(runs=runs)
        if not any(run.status == "running" for run in runs):
            return
        time.sleep(PAUSE)


def _times(runs_dir: Path) -> list[tuple[float, str]]:
    try:
        logs = [Run(folder).events_file for folder in runs_dir.iterdir()]
        return [(log.stat().st_mtime, log.parent.name) for log in logs if log.exists()]
    except OSError:  # no runs yet, or one was just deleted
        return []


class Recovery(QObject):
    """Makes the offers in the window's banner, one after the other."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._offered: Run | None = None

    def offer(self) -> None:
        """Offer the unsaved changes at once, and a run as soon as one is found."""
        self._window.files.offer_unsaved()
        self._session.start(Work(last_runs(self._session.settings.runs_dir)), self._told)

    def _told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunsListed) and not self._offered:
                left = [run for run in event.runs if run.status == "interrupted" and run.resumable]
                if left and left[0].run.folder != self._session.settings.dismissed_run:
                    self._offered = left[0].run
                    self._when_free(left[0])

    def _when_free(self, left: ListedRun) -> None:
        """Another offer is to be answered first."""
        banner = self._window.banner
        if banner.isVisible():
            once = Qt.ConnectionType.SingleShotConnection
            banner.answered.connect(lambda: self._when_free(left), once)
        else:
            self._tell(left)

    def _tell(self, left: ListedRun) -> None:
        assert left.summary
        text = tr(
            "{run} was interrupted in epoch {epoch} of {epochs}, as the program ended.",
            run=left.title,
            epoch=min(left.summary.epoch + 1, left.summary.epochs),
            epochs=left.summary.epochs,
        )
        self._window.banner.tell(
            text,
            tr("Resume"),
            lambda: self._resume(left.run),
            dismiss=lambda: self._dismiss(left.run),
            offer=True,
        )

    def _dismiss(self, run: Run) -> None:
        self._session.settings.dismissed_run = run.folder

    def _resume(self, run: Run) -> None:
        """Bring back the run's project too, which may have been saved nowhere else."""
        if self._session.state != "idle":
            self._session.said.emit(tr("Resume {run} once the present run is over.", run=run.name))
            return
        try:
            project = project_as_changed(run)
        except UserError as error:
            self._window.tell_failure(error, False)
            return
        if project == self._session.document.project:
            self._go_on(run)
        else:
            self._window.files.if_saved(lambda: self._begin(project, run))

    def _begin(self, project: Project, run: Run) -> None:
        self._window.files.start(project)
        self._go_on(run)

    def _go_on(self, run: Run) -> None:
        try:
            self._session.open_run(run, self._session.training.resume)
        except UserError as error:
            self._window.tell_failure(error, False)
