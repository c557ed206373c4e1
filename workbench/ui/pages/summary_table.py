"""The rows of the Summary tab as a table model."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QColor, QFont

from workbench.core.summary import COLUMNS, NUMBERS, Row
from workbench.core.walk import Path
from workbench.ui.stack import Index, Stack
from workbench.ui.text import sentence, tr
from workbench.ui.theme import Theme

TIPS = {
    "Layer": "The name of the layer; what lies in a block is set in",
    "Kernel": "The size of the window that slides over the input",
    "Multiply-adds": "Multiplications with an addition, for one sample",
    "Memory": "What training keeps for the backward pass, for a whole batch",
    "Receptive field": "How much of the input one output depends on",
}


class SummaryTable(QAbstractTableModel):
    """Shows rows of `core.summary`."""

    def __init__(self, theme: Theme, stack: Stack, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._stack = theme, stack
        self._rows: list[Row] = []
        self._faults: dict[Path, str] = {}

    def show_rows(self, rows: Sequence[Row]) -> bool:
        """Show other rows; gives whether they are others."""
        steps = self._stack.steps
        faults = {step.path: sentence(step.fault) for step in steps if step.fault}
        if (list(rows), faults) == (self._rows, self._faults):
            return False
        self.beginResetModel()
        self._rows, self._faults = list(rows), faults
        self.endResetModel()
        return True

    def place_of(self, path: Path | None) -> int:
        """The number of the row of a layer, or of the input; -1 if there is none."""
        places = (n for n, row in enumerate(self._rows) if row.path == path and path is not None)
        return next(places, -1)

    def path_at(self, place: int) -> Path | None:
        """The path of the layer in that row."""
        return self._rows[place].path if 0 <= place < len(self._rows) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(COLUMNS[section])
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(TIPS.get(COLUMNS[section], COLUMNS[section]))
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{tr(COLUMNS[column])}: {self._text(row, column).strip()}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._faults.get(row.path or ()) or self._text(row, column).strip()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return self._look(row, column, role)

    def _text(self, row: Row, column: int) -> str:
        if row.is_faulty and column == 3:
            return f"⚠ {self._faults.get(row.path or (), '')}"
        text = row.text(column)
        if column == 0:
            return "    " * row.depth + (text if row.path else tr(text))
        return text

    def _look(self, row: Row, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and row.category:
            return self._theme.category(row.category)
        if role == Qt.ItemDataRole.ForegroundRole and row.is_faulty:
            return QColor(self._theme.colors.bad)
        if role == Qt.ItemDataRole.FontRole and row.path is None:
            bold = QFont()
            bold.setWeight(QFont.Weight.DemiBold)
            return bold
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    right = Qt.AlignmentFlag.AlignRight if column in NUMBERS else Qt.AlignmentFlag.AlignLeft
    return right | Qt.AlignmentFlag.AlignVCenter
