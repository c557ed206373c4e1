"""The settings in which the chosen runs differ, side by side."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTableView, QVBoxLayout, QWidget

from workbench.core.differences import MISSING, Difference
from workbench.core.events import Event
from workbench.core.run_list import ListedRun
from workbench.ui.job import Job
from workbench.ui.naming import named, styled
from workbench.ui.runs.marks import MOST, mark
from workbench.ui.runs.reading import Compared, compared
from workbench.ui.runs.table import Index, Role
from workbench.ui.session import Session
from workbench.ui.text import tr
from workbench.ui.theme import Theme
from workbench.ui.work import Work

WIDEST = 220


class DifferencesTable(QAbstractTableModel):
    """A row for each setting that differs, a column for each run."""

    def __init__(self, theme: Theme, ratio: float) -> None:
        super().__init__()
        self._theme, self._ratio = theme, ratio
        self._runs: Sequence[ListedRun] = ()
        self._found: Sequence[Difference] = ()

    def show(self, runs: Sequence[ListedRun], found: Sequence[Difference]) -> None:
        """Show other differences."""
        self.beginResetModel()
        self._runs, self._found = runs, found
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._found)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1 + len(self._runs)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if section == 0:
            return tr("Setting") if role == Role.DisplayRole else None
        if role in (Role.DisplayRole, Role.ToolTipRole):
            return self._runs[section - 1].title
        if role == Role.DecorationRole:
            return mark(self._theme, section - 1, self._ratio)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self._found[index.row()], index.column()
        text = row.values[column - 1] if column else tr(row.title)
        if role == Role.DisplayRole:
            return text
        if role == Role.ToolTipRole:
            return text if column else f"{tr(row.title)}\n{row.path}"
        if role == Role.AccessibleTextRole:
            run = self._runs[column - 1].title if column else tr("Setting")
            return f"{run}: {text}"
        if role == Role.ForegroundRole and (column == 0 or text == MISSING):
            return QColor(self._theme.colors.muted)
        return None


class Differences(QWidget):
    """Compares the projects of up to `MOST` runs in a Job, while it is in sight."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._runs: list[ListedRun] = []
        self._job: Job | None = None
        self._stale = False
        self.table = DifferencesTable(session.theme, self.devicePixelRatioF())
        self.view = named(
            QTableView(),
            "runs.differences",
            tr("Settings that differ"),
            tr("Only the settings that the selected runs do not have alike"),
        )
        self._dress(self.view)
        self.told = styled(named(QLabel(wordWrap=True), "runs.differences.told"), "muted")
        self.told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.view, 1)
        column.addWidget(self.told)
        session.drawing.add(self, self._compare_if_seen)

    def _dress(self, view: QTableView) -> None:
        view.setModel(self.table)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(26)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = named(view.horizontalHeader(), "runs.differences.header", tr("Runs"))
        header.setHighlightSections(False)
        header.setMaximumSectionSize(600)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)

    def show_runs(self, runs: Sequence[ListedRun]) -> None:
        """Compare these runs once this is in sight."""
        self._runs = list(runs[:MOST])
        self._stale = True
        self._session.request_draw()

    def _compare_if_seen(self) -> None:
        if not self._stale or not self.isVisible():
            return
        self._stale = False
        if self._job:
            self._job.stream.stop()
            self._job = None
        if len(self._runs) < 2:
            self._show((), ())
            return
        runs = [run.run for run in self._runs]
        self._job = self._session.start(Work(compared(runs)), self._take)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Compared):
                shown = {run.run: run for run in self._runs}
                if all(run in shown for run in event.runs):  # else others were chosen meanwhile
                    self._show([shown[run] for run in event.runs], event.found)

    def _show(self, runs: Sequence[ListedRun], found: Sequence[Difference]) -> None:
        self.table.show(runs, found)
        self.view.setVisible(bool(found))
        if len(self._runs) < 2:
            self.told.setText(tr("Select two or more runs to see in which settings they differ."))
        elif not found:
            self.told.setText(tr("Their settings are the same, to the last one."))
        self.told.setVisible(not found)
        header = self.view.horizontalHeader()
        for column in range(self.table.columnCount()):
            wanted = max(self.view.sizeHintForColumn(column), header.sectionSizeHint(column)) + 8
            self.view.setColumnWidth(column, min(wanted, WIDEST))

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._session.request_draw()
