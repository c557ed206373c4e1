"""The view of the table of runs: rows that are chosen, cells that are edited in place, columns."""

from collections.abc import Iterable

from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QTableView,
    QWidget,
)

from workbench.core.run_list import ListedRun
from workbench.ui.naming import named
from workbench.ui.runs.cells import Cells
from workbench.ui.runs.marks import SIDE
from workbench.ui.runs.table import RunsTable
from workbench.ui.settings import Settings
from workbench.ui.text import tr

WIDEST = {"name": 240, "network": 210, "notes": 260, "tags": 160}
HEAD_ROOM = 22  # pixels of a head beside its words: its margins and the arrow
MEASURED = 60  # rows, from the first in sight


class RunsView(QTableView):
    """`chosen_changed` comes when other rows are selected, also when the model was filled anew:
    the selected runs stay selected by their names."""

    chosen_changed = Signal()
    open_wanted = Signal()
    delete_wanted = Signal()
    edited = Signal()
    """No cell is edited any more."""

    def __init__(self, table: RunsTable, settings: Settings) -> None:
        super().__init__()
        self._table, self._settings = table, settings
        self._chosen: list[str] = []
        self._current = ""
        self._filling = False
        self._shown_keys = self._kept_columns()
        named(
            self,
            "runs.view",
            tr("Runs"),
            tr("Select several with Ctrl or Shift to compare them; Enter opens one"),
        )
        self._dress()
        self.setModel(table)
        cells = Cells(self)
        self.setItemDelegate(cells)
        # behind the slot of the view, which then has left the cell
        cells.closeEditor.connect(self.edited, Qt.ConnectionType.QueuedConnection)
        self.selectionModel().selectionChanged.connect(self._note_chosen)
        table.modelAboutToBeReset.connect(self._note_current)
        table.modelReset.connect(self._restore)
        self._restore()

    def _dress(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        self.setShowGrid(False)
        self.setIconSize(QSize(16, 16))
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        header = named(
            self.horizontalHeader(),
            "runs.header",
            tr("Columns of the runs"),
            tr("A click sorts; a right click chooses the columns"),
        )
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setMaximumSectionSize(600)
        header.setResizeContentsPrecision(MEASURED)
        header.setSectionsMovable(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.sectionClicked.connect(self._sort)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda at: self.columns_menu(self).popup(header.mapToGlobal(at))
        )

    # -- what is chosen

    def chosen(self) -> list[ListedRun]:
        """The selected runs in the order in which they were selected."""
        shown = {run.run.name: run for run in self._table.shown}
        return [shown[name] for name in self._chosen if name in shown]

    def choose(self, names: Iterable[str]) -> None:
        """Select runs by the names of their folders."""
        self._chosen = list(names)
        self._current = self._chosen[0] if self._chosen else ""
        self._restore()
        self.chosen_changed.emit()

    def _note_chosen(self) -> None:
        if self._filling:
            return
        rows = {index.row() for index in self.selectionModel().selectedRows()}
        names = [self._table.shown[row].run.name for row in sorted(rows)]
        there = set(names)
        kept = [name for name in self._chosen if name in there]
        found = kept + [name for name in names if name not in set(kept)]
        if found != self._chosen:
            self._chosen = found
            self.chosen_changed.emit()

    def _note_current(self) -> None:
        row = self.currentIndex().row()
        shown = self._table.shown
        self._current = shown[row].run.name if 0 <= row < len(shown) else ""

    def _restore(self) -> None:
        """Select again what was selected before the model was filled anew."""
        self._filling = True
        table, last = self._table, self._table.columnCount() - 1
        chosen = QItemSelection()
        names = set(self._chosen)
        for row, run in enumerate(table.shown):
            if run.run.name in names:
                chosen.select(table.index(row, 0), table.index(row, last))
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flags.ClearAndSelect)
        row = table.row_of(self._current)
        if row >= 0:
            self.selectionModel().setCurrentIndex(table.index(row, 0), flags.NoUpdate)
        self._filling = False
        self._show_columns()
        self.horizontalHeader().setSortIndicator(*table.sorting)

    @property
    def editing(self) -> bool:
        """Whether somebody types into a cell."""
        return self.state() == QAbstractItemView.State.EditingState

    # -- columns

    def _kept_columns(self) -> dict[str, bool]:
        """What a person decided of columns: whether they are shown, by their keys."""
        words = bytes(self._settings.bytes("runs.columns").data()).decode().split()
        return {word[1:]: word[0] == "+" for word in words}

    def _show_columns(self) -> None:
        for place, column in enumerate(self._table.columns):
            shown = self._shown_keys.get(column.key, column.shown)
            was_hidden = self.isColumnHidden(place)
            self.setColumnHidden(place, not shown)
            if shown and (was_hidden or self.columnWidth(place) == self._default_width):
                self._fit(place)

    @property
    def _default_width(self) -> int:
        return self.horizontalHeader().defaultSectionSize()

    def fit_columns(self) -> None:
        """Give each column room for its head and for the rows in sight."""
        for place in range(self._table.columnCount()):
            if not self.isColumnHidden(place):
                self._fit(place)

    def _fit(self, place: int) -> None:
        """Give a column room for its rows in sight, for its head, and for the mark of a curve."""
        column = self._table.columns[place]
        head = self.horizontalHeader().fontMetrics().horizontalAdvance(column.title) + HEAD_ROOM
        mark = SIDE + 6 if column.key == "name" else 0
        wanted = max(self.sizeHintForColumn(place) + mark, head) + 10
        self.setColumnWidth(place, min(wanted, WIDEST.get(column.key, 190)))

    def columns_menu(self, parent: QWidget) -> QMenu:
        """A menu of all columns, those that are shown checked."""
        tip = tr("Which columns the table has")
        menu = named(QMenu(parent), "runs.columns", tr("Columns"), tip)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for place, column in enumerate(self._table.columns):
            action = QAction(column.title, menu, checkable=True)
            action.setChecked(not self.isColumnHidden(place))
            action.setToolTip(column.tip)
            action.setEnabled(column.key != "name")
            action.toggled.connect(lambda on, key=column.key: self.show_column(key, on))
            menu.addAction(action)
        return menu

    def show_column(self, key: str, on: bool) -> None:
        """Show a column, or hide it; this is remembered."""
        self._shown_keys[key] = on
        words = " ".join(
            f"{'+' if shown else '-'}{name}" for name, shown in self._shown_keys.items()
        )
        self._settings.keep("runs.columns", QByteArray(words.encode()))
        self._show_columns()

    def _sort(self, column: int) -> None:
        by, order = self._table.sorting
        up, down = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        self._table.sort(column, down if by == column and order == up else up)
        self.horizontalHeader().setSortIndicator(*self._table.sorting)

    # -- hands

    def edit_field(self, field: str) -> None:
        """Edit the name, tags or notes of the current run in their cell."""
        keys = [column.edits for column in self._table.columns]
        place, row = keys.index(field), self.currentIndex().row()
        if row < 0:
            return
        if self.isColumnHidden(place):
            self.show_column(self._table.columns[place].key, True)
        index = self._table.index(row, place)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self.edit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid():
            return
        if self._table.columns[index.column()].edits in ("tags", "notes"):
            self.edit(index)
        else:
            self.open_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if self.editing:
            super().keyPressEvent(event)  # what a cell's line lets through
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_wanted.emit()
        elif key == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif key == Qt.Key.Key_Escape and self._chosen:
            self.clearSelection()
        else:
            super().keyPressEvent(event)
