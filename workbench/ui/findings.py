"""The rows of the Checks tab: the findings as an item model, and the delegate that paints them."""

from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.core.rule import Finding
from workbench.ui.card_text import put, small
from workbench.ui.checks import Checks, finding_text, finding_told, remedy_label
from workbench.ui.signs import paint_sign
from workbench.ui.text import tr
from workbench.ui.theme import Theme

FINDING = Qt.ItemDataRole.UserRole
LEFT, EDGE, BUTTON = 34, 10, 22

Index = QModelIndex | QPersistentModelIndex


class Findings(QAbstractListModel):
    """The findings of `checks`, the worst first."""

    def __init__(self, checks: Checks, parent: QObject) -> None:
        super().__init__(parent)
        self._checks = checks
        self._shown: list[Finding] = []

    def refresh(self) -> None:
        """Take over what was found; rows that stay keep their place and the selection."""
        found = self._checks.found
        if [_key(each) for each in found] == [_key(each) for each in self._shown]:
            self._shown = found  # their remedies are of the present project
            self.dataChanged.emit(self.index(0), self.index(len(found) - 1))
            return
        self.beginResetModel()
        self._shown = found
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        finding = self._shown[index.row()]
        if role == FINDING:
            return finding
        if role == Qt.ItemDataRole.DisplayRole:
            return finding_text(finding)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return _told(finding)
        return None


def _key(finding: Finding) -> tuple[object, ...]:
    return type(finding.rule), finding.place, finding.text, len(finding.remedies)


def _told(finding: Finding) -> str:
    """A finding for screen readers and tooltips."""
    told = finding_told(finding)
    ways = " / ".join(map(remedy_label, finding.remedies))
    return f"{told} {tr('Fix: {what}', what=ways)}" if ways else told


class Rows(QStyledItemDelegate):
    """Paints a finding: its sign, what it is, why it matters, and a button for each remedy.
    `fix_chosen` carries the finding and the number of the remedy clicked."""

    fix_chosen = Signal(object, int)

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        width = view.viewport().width() if isinstance(view, QListView) else option.rect.width()
        rect = QRect(0, 0, width, 10_000)
        *_, buttons, end = _parts(rect, index.data(FINDING), option.font)
        return QSize(width, end + EDGE if not buttons else buttons[-1].bottom() + EDGE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        finding: Finding = index.data(FINDING)
        colors, rect = self._theme.colors, option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colors.hover))
            painter.fillRect(
                QRect(rect.left(), rect.top(), 3, rect.height()), QColor(colors.accent)
            )
        painter.setPen(QPen(QColor(colors.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        sign = QPointF(rect.left() + 18, rect.top() + EDGE + 8)
        paint_sign(painter, sign, finding.severity, colors, option.font)
        text, reason, buttons, _ = _parts(rect, finding, option.font)
        wrap = int(Qt.TextFlag.TextWordWrap)
        painter.setFont(_strong(option.font))
        painter.setPen(QColor(colors.text))
        painter.drawText(text, wrap, finding_text(finding))
        painter.setFont(small(option.font))
        painter.setPen(QColor(colors.muted))
        painter.drawText(reason, wrap, tr(finding.rule.reason))
        for remedy, button in zip(finding.remedies, buttons, strict=True):
            self._paint_button(painter, button, remedy_label(remedy), small(option.font))
        painter.restore()

    def _paint_button(self, painter: QPainter, rect: QRect, text: str, font: QFont) -> None:
        colors = self._theme.colors
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.muted), 1))
        painter.setBrush(QColor(colors.card))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        centre = Qt.AlignmentFlag.AlignHCenter
        put(painter, rect.adjusted(6, 0, -6, 0), text, font, QColor(colors.text), centre)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        finding: Finding = index.data(FINDING)
        buttons = button_rects(option.rect, finding, option.font)
        at = event.position().toPoint()
        hit = next((n for n, rect in enumerate(buttons) if rect.contains(at)), None)
        if hit is not None and event.type() == QEvent.Type.MouseButtonRelease:
            self.fix_chosen.emit(finding, hit)
        return hit is not None


def button_rects(rect: QRect, finding: Finding, font: QFont) -> list[QRect]:
    """Where the remedies' buttons are in a finding's row."""
    return _parts(rect, finding, font)[2]


def _parts(rect: QRect, finding: Finding, font: QFont) -> tuple[QRect, QRect, list[QRect], int]:
    """Where the sentence, the reason and the buttons are, and where the texts end."""
    left, width = rect.left() + LEFT, rect.width() - LEFT - EDGE
    text = _wrapped(QRect(left, rect.top() + EDGE, width, 0), finding_text(finding), _strong(font))
    below = QRect(left, text.bottom() + 3, width, 0)
    reason = _wrapped(below, tr(finding.rule.reason), small(font))
    end = reason.bottom() + 1
    return text, reason, _buttons(QRect(left, end + 5, width, BUTTON), finding, font), end


def _buttons(row: QRect, finding: Finding, font: QFont) -> list[QRect]:
    metrics, rects = QFontMetrics(small(font)), []
    x, y = row.left(), row.top()
    for remedy in finding.remedies:
        width = min(metrics.horizontalAdvance(remedy_label(remedy)) + 18, row.width())
        if x > row.left() and x + width > row.right():
            x, y = row.left(), y + BUTTON + 4
        rects.append(QRect(x, y, width, BUTTON))
        x += width + 6
    return rects


def _wrapped(room: QRect, text: str, font: QFont) -> QRect:
    flags = int(Qt.TextFlag.TextWordWrap)
    tall = QRect(room.left(), room.top(), room.width(), 10_000)
    height = QFontMetrics(font).boundingRect(tall, flags, text).height()
    return QRect(room.left(), room.top(), room.width(), height)


def _strong(font: QFont) -> QFont:
    strong = QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    return strong
