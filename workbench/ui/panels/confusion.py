"""The Confusion panel: actual classes down, predicted ones across; a cell shows its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from workbench.ui.dock import Dock
from workbench.ui.empty import Empty
from workbench.ui.naming import named, styled
from workbench.ui.outcome import Outcomes
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.stack import Index
from workbench.ui.text import tr
from workbench.ui.theme import Theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARE = Qt.ItemDataRole.UserRole


class Confusion(QAbstractTableModel):
    """Counts by actual class (row) and predicted class (column)."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: NDArray[np.int64]
        self.classes: tuple[str, ...] = ()  # none, so nobody asks for counts before `show`

    def show(self, counts: NDArray[np.int64], classes: tuple[str, ...]) -> None:
        """Show other counts; the selection stays where the classes do."""
        if classes != self.classes:
            self.beginResetModel()
            self.counts, self.classes = counts, classes
            self.endResetModel()
            return
        self.counts = counts
        last = len(classes) - 1
        self.dataChanged.emit(self.index(0, 0), self.index(last, last))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.classes)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self.classes)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._heading(section, orientation)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.classes[section]
        return None

    def _heading(self, section: int, orientation: Qt.Orientation) -> str:
        """A class by its name; by its number, told beside the name in the rows, where many long
        names would be cut to nothing above narrow columns."""
        name = self.classes[section]
        if len(self.classes) <= 4 or max(map(len, self.classes)) <= 3:
            return name
        return str(section) if orientation == Qt.Orientation.Horizontal else f"{section}  {name}"

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        count = int(self.counts[row, column])
        if role == Qt.ItemDataRole.DisplayRole:
            return str(count) if count else ""
        if role == SHARE:
            return count / max(int(self.counts[row].sum()), 1)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return tr(
                "{count} × {actual}, predicted {predicted}",
                count=count,
                actual=self.classes[row],
                predicted=self.classes[column],
            )
        return None


class CellDelegate(QStyledItemDelegate):
    """A cell is the darker, the larger its share of its row; errors are red."""

    def __init__(self, theme: Theme, parent: QTableView) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colors = self._theme.colors
        share = float(index.data(SHARE))
        right = index.row() == index.column()
        rect: QRect = option.rect.adjusted(1, 1, -1, -1)
        painter.save()
        painter.fillRect(rect, QColor(colors.hover))
        fill = QColor(colors.val if right else colors.bad)
        fill.setAlphaF(min(1.0, share if right else 3 * share))
        painter.fillRect(rect, fill)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(colors.text), 2))
            painter.drawRect(rect)
        font = painter.font()
        font.setPixelSize(max(8, min(11, rect.height() - 3)))
        painter.setFont(font)
        painter.setPen(QColor("#ffffff" if fill.alphaF() > 0.55 else colors.text))
        if rect.width() >= painter.fontMetrics().horizontalAdvance(index.data()):
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), index.data())
        painter.restore()


class ConfusionPanel(Panel):
    """Which classes are taken for which, in the split that is looked at."""

    def __init__(self, session: Session, dock: Dock, outcomes: Outcomes) -> None:
        super().__init__(session, dock)
        self._outcomes = outcomes
        self.model = Confusion()
        self.table = self._made_table()
        self._no_classes = styled(
            QLabel(tr("Regression has no classes: see Predictions vs. actuals.")), "muted"
        )
        self._no_classes.setWordWrap(True)
        self._no_classes.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty = Empty(
            "confusion",
            tr("Which classes are taken for which is shown here."),
            session,
        )
        self._stacked = QStackedWidget()
        self._stacked.addWidget(self._empty)
        self._stacked.addWidget(self._no_classes)
        self._stacked.addWidget(self.table)
        self.rows.addWidget(self._stacked)
        self.table.clicked.connect(self._tell)
        self.table.activated.connect(self._tell)
        session.cell_chosen.connect(self._unselect)
        outcomes.changed.connect(self.changed)

    def _made_table(self) -> QTableView:
        table = named(QTableView(), "confusion.table", tr("Confusion matrix"))
        table.setModel(self.model)
        table.setItemDelegate(CellDelegate(self.session.theme, table))
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)  # the arrows move in it, Tab leaves it
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        for header in (table.horizontalHeader(), table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
            header.setMinimumSectionSize(12)
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
            header.setTextElideMode(Qt.TextElideMode.ElideRight)  # the tooltip has the whole name
        table.verticalHeader().setMaximumWidth(98)
        return table

    def _tell(self, index: QModelIndex) -> None:
        self.session.cell_chosen.emit((index.row(), index.column()))

    def _unselect(self, cell: object) -> None:
        if cell is None:
            self.table.clearSelection()

    def draw(self) -> None:
        outcome = self._outcomes.current()
        if outcome is None or outcome.info.task != "classification":
            self._stacked.setCurrentWidget(self._no_classes if outcome else self._empty)
            self.info.clear()
            return
        self.model.show(outcome.confusion(), outcome.info.classes)
        self._stacked.setCurrentWidget(self.table)
        self.info.setText(tr("actual ↓  predicted →"))
