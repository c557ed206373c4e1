"""The runs as a table model that sorts and filters itself: a thousand rows in milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon

from workbench.core.run_list import ListedRun
from workbench.core.run_notes import Notes, tags_of
from workbench.ui.runs.columns import SIGNS, STATUS_TIPS, Column, columns_for
from workbench.ui.runs.marks import mark, sign
from workbench.ui.text import tr
from workbench.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RunsTable(QAbstractTableModel):
    """Runs by name, those that the filter lets through in the order of a column."""

    edited = Signal(object, object)
    """A run, and the notes that it is to have."""

    def __init__(self, theme: Theme, ratio: float, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._ratio = theme, ratio
        self._runs: dict[str, ListedRun] = {}
        self._marked: Mapping[str, int] = {}
        self.columns: Sequence[Column] = columns_for(())
        self.shown: list[ListedRun] = []
        self._filter: list[str] = []
        self._sorted_by, self._order = "created", Qt.SortOrder.DescendingOrder

    @property
    def total(self) -> int:
        """How many runs there are, whatever the filter."""
        return len(self._runs)

    @property
    def runs(self) -> Iterable[ListedRun]:
        """All runs, whatever the filter."""
        return self._runs.values()

    def put(self, runs: Iterable[ListedRun]) -> None:
        """Take over runs that are new, or that have changed."""
        self._runs |= {run.run.name: run for run in runs}
        self._arrange()

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget all other runs."""
        kept = set(names)
        if kept < self._runs.keys():
            self._runs = {name: run for name, run in self._runs.items() if name in kept}
            self._arrange()

    def filter_by(self, text: str) -> None:
        """Show the runs that have each word of a text somewhere in their row."""
        self._filter = text.casefold().split()
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self.columns):
            self._sorted_by, self._order = self.columns[column].key, order
            self._arrange()

    @property
    def sorting(self) -> tuple[int, Qt.SortOrder]:
        """The column by which it is sorted, and which way."""
        return self.place_of(self._sorted_by), self._order

    def mark(self, marked: Mapping[str, int]) -> None:
        """Put the marks of their curves before the names of runs."""
        self._marked = dict(marked)
        if self.shown:
            ends = self.index(0, 0), self.index(len(self.shown) - 1, 0)
            self.dataChanged.emit(*ends, [Role.DecorationRole])

    def _arrange(self) -> None:
        columns = columns_for(self._runs.values())
        shown = self._in_order([run for run in self._runs.values() if self._passes(run)], columns)
        keys, before = ([column.key for column in each] for each in (columns, self.columns))
        names, had = ([run.run.name for run in each] for each in (shown, self.shown))
        if keys == before and names == had:
            self.shown = shown
            if shown:
                last = self.index(len(shown) - 1, len(columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.columns, self.shown = columns, shown
        self.endResetModel()

    def _passes(self, run: ListedRun) -> bool:
        if not self._filter:
            return True
        told = run.summary
        recipe = (told.dataset, told.network, told.optimizer, told.loss) if told else ()
        words = (run.title, run.run.name, run.status, *run.notes.tags, run.notes.notes, *recipe)
        row = " ".join(words).casefold()
        return all(word in row for word in self._filter)

    def _in_order(self, runs: list[ListedRun], columns: Sequence[Column]) -> list[ListedRun]:
        by = next((each for each in columns if each.key == self._sorted_by), columns[0])
        keyed = [(by.order(run), run) for run in runs]
        told = [(key, run) for key, run in keyed if key is not None]
        told.sort(key=lambda pair: pair[0], reverse=self._order == Qt.SortOrder.DescendingOrder)
        return [run for _, run in told] + [run for key, run in keyed if key is None]

    def place_of(self, key: str) -> int:
        """The number of a column; -1 if there is none."""
        return next((n for n, column in enumerate(self.columns) if column.key == key), -1)

    def row_of(self, name: str) -> int:
        """The row of a run; -1 if it is not shown."""
        return next((n for n, run in enumerate(self.shown) if run.run.name == name), -1)

    # -- what the view asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Role.DisplayRole:
            return column.title
        if role == Role.ToolTipRole:
            return column.tip
        return (RIGHT if column.number else LEFT) if role == Role.TextAlignmentRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        run, column = self.shown[index.row()], self.columns[index.column()]
        if role in (Role.DisplayRole, Role.EditRole):
            return column.text(run).replace("\n", " ")
        if role == Role.AccessibleTextRole:
            return f"{column.title}: {column.text(run)}"
        if role == Role.ToolTipRole:
            return self._tip(run, column)
        if role == Role.TextAlignmentRole:
            return RIGHT if column.number else LEFT
        if role == Role.DecorationRole:
            return self._sign(run, column)
        return self._color(run, column) if role == Role.ForegroundRole else None

    def _sign(self, run: ListedRun, column: Column) -> QIcon | None:
        if column.key == "status":
            return sign(SIGNS[run.status], self._status_color(run), self._ratio)
        place = self._marked.get(run.run.name) if column.key == "name" else None
        return None if place is None else mark(self._theme, place, self._ratio)

    def _tip(self, run: ListedRun, column: Column) -> str:
        if column.key == "status":
            return run.fault or tr(STATUS_TIPS.get(run.status, ""))
        if column.key == "name":
            return f"{run.title}\n{run.run.folder}"
        return column.text(run)

    def _color(self, run: ListedRun, column: Column) -> QColor | None:
        if column.key == "status":
            return self._status_color(run)
        muted = column.key in ("dataset", "network", "created")
        return QColor(self._theme.colors.muted) if muted else None

    def _status_color(self, run: ListedRun) -> QColor:
        colors = self._theme.colors
        shades = {"completed": colors.good, "early": colors.good, "running": colors.val}
        shades |= {"failed": colors.bad, "unreadable": colors.bad}
        shades |= {"interrupted": colors.warn, "stopped": colors.muted, "new": colors.muted}
        return QColor(shades[run.status])

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        if index.isValid() and self.columns[index.column()].edits:
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        run, column = self.shown[index.row()], self.columns[index.column()]
        text = str(value).strip()
        if column.edits == "name" and text == run.run.name:
            text = ""
        given = {column.edits: tags_of(text) if column.edits == "tags" else text}
        notes = Notes(**{**run.notes.model_dump(), **given})
        if notes == run.notes:
            return False
        self.edited.emit(run, notes)
        return True
