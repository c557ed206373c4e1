"""The Runs panel: all runs in a table, and the chosen ones over one another."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.events import Event
from workbench.core.run_list import ListedRun, RunsListed, list_runs
from workbench.core.run_notes import Notes
from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.job import Job
from workbench.ui.naming import named, sign_button, styled
from workbench.ui.panel import Panel
from workbench.ui.runs.compare import Differences
from workbench.ui.runs.marks import MOST
from workbench.ui.runs.noting import Noting
from workbench.ui.runs.overlay import Overlay
from workbench.ui.runs.table import RunsTable
from workbench.ui.runs.view import RunsView
from workbench.ui.session import Session
from workbench.ui.text import tr
from workbench.ui.work import Work

LOOK_MILLISECONDS = 2_000  # between two looks at the runs that are at work
NARROW = 820  # pixels; below, the curves go under the table


def _changed(folder: Path) -> float:
    """When a run came or went; 0 if that can't be told."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


class RunsPanel(Panel):
    """Lists the runs of the runs folder in a Job, when it is shown and when they change."""

    chosen_changed = Signal()
    """Other runs are selected, or they stand otherwise than before."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self._listing: Job | None = None
        self._again = False
        self._found: list[str] = []
        self._held: list[ListedRun] = []
        self._changed = 0.0
        self._folder = session.settings.runs_dir
        self.table = RunsTable(session.theme, self.devicePixelRatioF(), self)
        self.view = RunsView(self.table, session.settings)
        self.noting = Noting(session, lambda name: self.update_runs({name}))
        self.overlay, self.differences = Overlay(session), Differences(session)
        self._make()
        self._look = QTimer(self, interval=LOOK_MILLISECONDS)
        self._look.timeout.connect(self._look_at_work)
        self._connect()
        self._tell()

    def _make(self) -> None:
        self.search = named(
            QLineEdit(placeholderText=tr("Find runs"), clearButtonEnabled=True),
            "runs.search",
            tr("Find runs"),
            tr("Words of the name, status, dataset, network, tags or notes"),
        )
        self._none = styled(named(QLabel(wordWrap=True), "runs.none"), "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.setText(tr("No run has all of these words."))
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.search, self.view, self._none):
            column.addWidget(widget)
        self._split = named(QSplitter(), "runs.split", tr("Table and curves"))
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(14)
        self._split.addWidget(left)
        self._split.addWidget(self._made_side())
        self._split.setSizes([620, 480])
        text = tr("Every training leaves a run here, with its curves, settings and weights.")
        self._stacked = QStackedWidget()
        self._stacked.addWidget(Empty("runs", text, self.session))
        self._stacked.addWidget(self._split)
        self.rows.addWidget(self._stacked)
        self.corner.addWidget(self._columns_button())

    def _made_side(self) -> QWidget:
        tip = tr("The curves of the selected runs, and the settings in which they differ")
        self.tabs = named(QTabWidget(documentMode=True), "runs.tabs", tr("Selected runs"), tip)
        named(self.tabs.tabBar(), "runs.tabs.bar", tr("Selected runs"), tip)
        self.tabs.addTab(self.overlay, tr("Curves"))
        self.tabs.addTab(self.differences, tr("Differences"))
        hint = styled(named(QLabel(wordWrap=True), "runs.hint"), "muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setText(
            tr("Select a run to see its curves; with Ctrl or Shift several, to compare them.")
        )
        self._side = QStackedWidget()
        self._side.addWidget(hint)
        self._side.addWidget(self.tabs)
        return self._side

    def _columns_button(self) -> QWidget:
        tip = tr("Choose the columns of the table")
        button = named(sign_button("⋯"), "runs.options", tr("Columns"), tip)
        button.clicked.connect(
            lambda: self.view.columns_menu(button).popup(
                button.mapToGlobal(button.rect().bottomLeft())
            )
        )
        return button

    def _connect(self) -> None:
        session = self.session
        self.search.textChanged.connect(self._filter)
        self.view.chosen_changed.connect(self._show_chosen)
        self.table.edited.connect(self._keep_notes)
        self.view.edited.connect(self._put_held)
        session.state_changed.connect(self._state_changed)
        session.run_shown.connect(self.refresh_if_seen)

    # -- the list

    def refresh_if_seen(self) -> None:
        """List the runs anew if anybody sees them; else it is done once they are shown."""
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """List the runs anew."""
        if self.session.ending:
            return
        if self._listing:
            self._again = True
            return
        if self._folder != self.session.settings.runs_dir:
            self._folder = self.session.settings.runs_dir
            self.table.keep_only(())
        self._found = []
        self._changed = _changed(self._folder)
        self._listing = self.session.start(Work(list_runs(self._folder)), self._take, self._listed)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunsListed):
                self._found += [run.run.name for run in event.runs]
                self._put(event.runs)

    def _listed(self, error: Exception | None) -> None:
        self._listing = None
        if error:
            self.session.failed.emit(error, False)
            return
        self._change(lambda: self.table.keep_only(self._found))
        self._tell()
        if self._again:
            self._again = False
            self.refresh()

    def _put(self, runs: Iterable[ListedRun]) -> None:
        if self.view.editing:  # a row that moves away would take the text with it
            self._held += runs
            return
        first = not self.table.total
        self._change(lambda: self.table.put(map(self._as_it_stands, runs)))
        if first:
            self.view.fit_columns()
        self._tell()

    def _put_held(self) -> None:
        held, self._held = self._held, []
        if held:
            self._put(held)

    def _as_it_stands(self, run: ListedRun) -> ListedRun:
        """A run that this window has just begun, or goes on with, is at work, though its process
        does not say so yet."""
        mine = self.session.state != "idle" and run.run == self.session.run
        run = self.noting.with_wanted(run)
        return replace(run, status="running") if mine and run.summary else run

    def update_runs(self, names: set[str]) -> None:
        """List these runs anew."""
        if names and not self.session.ending:
            self.session.start(Work(list_runs(self._folder, names)), self._updated)

    def _updated(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunsListed):
                self._put(event.runs)
                self.overlay.reread({run.run.name for run in event.runs})

    def forget(self, name: str) -> None:
        """A run is gone."""
        kept = {run.run.name for run in self.table.runs} - {name}
        self._change(lambda: self.table.keep_only(kept))
        self._tell()

    # -- runs at work

    def _look_at_work(self) -> None:
        """See what became of the runs at work, and whether others came or went."""
        if self._changed != (changed := _changed(self._folder)):
            self._changed = changed
            self.refresh()
        else:
            self.update_runs({run.run.name for run in self.table.runs if run.status == "running"})

    def _state_changed(self, state: str) -> None:
        if state in ("idle", "running"):
            self.refresh_if_seen()
        if state == "idle" and self.session.run:
            self.overlay.reread({self.session.run.name})

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._look.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()

    # -- what is chosen

    def _change(self, change: Callable[[], None]) -> None:
        """Change the rows: what is told of the selected ones follows."""
        before = [(run.run, run.title) for run in self.view.chosen()]
        change()
        if before != [(run.run, run.title) for run in self.view.chosen()]:
            self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self.view.chosen()
        self._side.setCurrentIndex(1 if chosen else 0)
        self.table.mark({run.run.name: n for n, run in enumerate(chosen[:MOST])})
        self.overlay.show_runs(chosen)
        self.differences.show_runs(chosen)
        self._tell()

    def _filter(self, text: str) -> None:
        self._change(lambda: self.table.filter_by(text))
        self._tell()

    def _keep_notes(self, run: ListedRun, notes: Notes) -> None:
        self.noting.keep(run.run, notes)
        self._put([run])  # at once; the disk follows

    def _tell(self) -> None:
        table, chosen = self.table, len(self.view.chosen())
        self._stacked.setCurrentIndex(1 if table.total else 0)
        self._none.setVisible(bool(table.total) and not table.shown)
        shown, total = len(table.shown), table.total
        told = [tr("{n} runs", n=f"{total:,}") if total != 1 else tr("1 run")] if total else []
        if shown < total:
            told = [tr("{n} of {total} runs", n=f"{shown:,}", total=f"{total:,}")]
        if chosen:
            told.append(tr("{n} selected", n=chosen))
        self.info.setText(" · ".join(told))
        self.chosen_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() >= NARROW
        self._split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
