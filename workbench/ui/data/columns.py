"""The tab of a table's columns: how the values of each lie, and their figures."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QLabel,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from workbench.core.data import DatasetInfo
from workbench.core.events import Event
from workbench.core.shown import ColumnsSummed, ColumnSummary
from workbench.ui.asking import Asking
from workbench.ui.data.part import Part
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.stack import Index
from workbench.ui.text import tr
from workbench.ui.theme import Theme

COLUMN = Qt.ItemDataRole.UserRole
HEIGHT = 66


def figures(column: ColumnSummary) -> str:
    """A column in one line: `mean 5.84 · std 0.83 · 4.3 to 7.9`."""
    if column.labels:
        told = tr("{count} classes", count=len(column.labels))
    elif not column.counts:
        told = tr("no values")
    else:
        told = tr(
            "mean {mean} · std {std} · {low} to {high}",
            mean=f"{column.mean:.4g}",
            std=f"{column.std:.3g}",
            low=f"{column.low:.4g}",
            high=f"{column.high:.4g}",
        )
    missing = tr("{count} missing", count=f"{column.missing:,}") if column.missing else ""
    return " · ".join(filter(None, (told, missing)))


class _Columns(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[ColumnSummary, ...] = ()

    def show(self, columns: tuple[ColumnSummary, ...]) -> None:
        self.beginResetModel()
        self.columns = columns
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self.columns[index.row()]
        if role == COLUMN:
            return column
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{column.name}: {figures(column)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            pairs = zip(column.labels, column.counts, strict=False)
            counts = [f"{label}: {count:,}" for label, count in pairs]
            return "\n".join([column.name, figures(column), *counts[:20]])
        return None


class _Histogram(QStyledItemDelegate):
    """Paints a column: its name, bars, and its figures below."""

    def __init__(self, theme: Theme, parent: QListView) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        column: ColumnSummary = index.data(COLUMN)
        colors, rect = self._theme.colors, option.rect.adjusted(2, 3, -2, -3)
        painter.save()
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        metrics, left = painter.fontMetrics(), int(Qt.AlignmentFlag.AlignLeft)
        elide = Qt.TextElideMode.ElideRight
        painter.setPen(QColor(colors.text))
        target = index.row() == 0
        name = tr("{name} (target)", name=column.name) if target else column.name
        painter.drawText(rect, left, metrics.elidedText(name, elide, rect.width()))
        painter.setPen(QColor(colors.muted))
        below = QRect(rect.left(), rect.bottom() - 13, rect.width(), 14)
        painter.drawText(below, left, metrics.elidedText(figures(column), elide, rect.width()))
        bars = rect.adjusted(0, 16, 0, -15)
        self._paint_bars(painter, bars, column, colors.train if target else colors.val)
        painter.restore()

    @staticmethod
    def _paint_bars(painter: QPainter, room: QRect, column: ColumnSummary, color: str) -> None:
        width = room.width() / max(len(column.counts), 1)
        highest = max(column.counts, default=0) or 1
        gap = 2 if width > 6 else 1
        for place, count in enumerate(column.counts):
            high = max(round(room.height() * count / highest), 1 if count else 0)
            left = room.left() + round(place * width)
            painter.fillRect(
                QRect(left, room.bottom() + 1 - high, max(round(width) - gap, 1), high),
                QColor(color),
            )


class ColumnsPart(Part):
    """Asks for the columns when it is first looked at."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "columns_tab", tr("Columns"))
        self._asking = Asking(session, self._answered, self)
        self._asking.changed.connect(self._show_state)
        self._told: object = None
        self.normalize = named(
            QCheckBox(tr("Normalize each column")),
            "data.normalize_columns",
            tr("Normalize each column"),
            tr("Subtract the mean and divide by the standard deviation of the training split"),
        )
        self.normalize.clicked.connect(
            lambda on: self.edit(tr("Normalize"), self.data.replace(normalize=on))
        )
        self.state = styled(named(QLabel(wordWrap=True), "data.columns_state"), "muted")
        self.model = _Columns()
        self.list = named(QListView(), "data.columns", tr("Columns of the training split"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Histogram(session.theme, self.list))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMinimumHeight(90)
        self.rows.addWidget(self.normalize)
        self.rows.addWidget(self.state)
        self.rows.addWidget(self.list, 1)

    def shown_for(self, info: DatasetInfo) -> bool:
        return len(info.shape) == 1

    def draw(self) -> None:
        self.normalize.setChecked(self.data.normalize)
        told = self.session.data.described
        if told is None or told is self._told or not self.isVisible():
            return
        self._told = told
        self._asking.ask("looking.columns", self.data)

    def _answered(self, event: Event) -> None:
        if isinstance(event, ColumnsSummed):
            self.model.show(event.columns)

    def _show_state(self) -> None:
        self.state.setText(self._asking.text())
        self.state.setVisible(bool(self.state.text()))
