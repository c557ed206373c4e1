"""The delegate that paints a layer as a card, with its fault and the fixes as buttons."""

from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QObject,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.core.block import BlockSpec
from workbench.core.layer import Fix, counted, shape_text
from workbench.core.walk import Step
from workbench.ui.stack import STEP, Index, Stack
from workbench.ui.text import capital, sentence, tr
from workbench.ui.theme import Theme

CARD, FAULT, GAP, RADIUS, EDGE, LABEL = 46, 26, 7, 7, 5, 24


@dataclass(frozen=True)
class _Texts:
    kind: str
    name: str
    words: str
    shape: str
    parameters: str


class Cards(QStyledItemDelegate):
    """Paints `Stack` rows. `fix_chosen` carries the layer's path and the number of the fix clicked,
    `folded` the index of a block whose arrow was clicked."""

    fix_chosen = Signal(object, int)
    folded = Signal(object)

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        step: Step | None = index.data(STEP)
        if not step and index.parent().isValid():  # a stack of a block: a line of text
            return QSize(120, LABEL)
        fault = FAULT if step and step.fault else 0
        return QSize(220, CARD + fault + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        step: Step | None = index.data(STEP)
        if not step and index.parent().isValid():
            self._paint_label(painter, option, index)
            return
        colors = self._theme.colors
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        fault = bool(step and step.fault)
        card = _card_rect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.fillPath(outline, QColor(colors.card))
        painter.setClipPath(outline)
        edge = QRect(card.left(), card.top(), EDGE, card.height())
        painter.fillRect(edge, self._theme.category(step.layer.category if step else "Input"))
        if step and step.fault:
            self._paint_fault(painter, option, step)
        painter.setClipping(False)
        border = colors.bad if fault else colors.accent if selected else colors.border
        painter.setPen(QPen(QColor(border), 2 if selected or fault else 1))
        painter.drawPath(outline)
        if selected and fault:  # selection shows on a faulty card too, by a second line
            painter.setPen(QPen(QColor(colors.accent), 1))
            painter.drawRoundedRect(QRectF(card).adjusted(3, 3, -3, -3), RADIUS - 2, RADIUS - 2)
        texts = card
        if step and isinstance(step.layer, BlockSpec):
            self._paint_arrow(painter, _arrow_rect(card), option)
            texts = card.adjusted(14, 0, 0, 0)
        self._paint_texts(painter, texts, _texts(step, index), option.font)
        painter.restore()

    def _paint_label(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        color = self._theme.colors.accent if chosen else self._theme.colors.muted
        rect = option.rect.adjusted(6, 0, -6, 0)
        text = index.data()
        if not index.model().rowCount(index):
            text += " · " + tr("empty: hands its input on; drop layers here")
        painter.save()
        _put(painter, rect, text, _small(option.font), QColor(color))
        painter.restore()

    def _paint_arrow(self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem) -> None:
        x, y = rect.center().x(), rect.center().y()
        is_open = bool(option.state & QStyle.StateFlag.State_Open)
        corners = [(-4, -2), (0, 3), (4, -2)] if is_open else [(-2, -4), (3, 0), (-2, 4)]
        painter.setPen(QPen(QColor(self._theme.colors.muted), 1.6))
        painter.drawPolyline(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))

    def _paint_texts(self, painter: QPainter, card: QRect, texts: _Texts, font: QFont) -> None:
        colors = self._theme.colors
        text, muted = QColor(colors.text), QColor(colors.muted)
        strong, small, mono = _fonts(font)
        inner = QRect(card.left() + EDGE + 11, card.top() + 5, card.width() - EDGE - 22, 19)
        lower = inner.translated(0, 18)
        right = _put(painter, inner, texts.shape, mono, text, Qt.AlignmentFlag.AlignRight)
        below = _put(painter, lower, texts.parameters, small, muted, Qt.AlignmentFlag.AlignRight)
        upper_left = inner.adjusted(0, 0, -right - 10, 0)
        used = _put(painter, upper_left, texts.kind, strong, text)
        _put(painter, upper_left.adjusted(used + 8, 0, 0, 0), texts.name, small, muted)
        _put(painter, lower.adjusted(0, 0, -below - 10, 0), texts.words, small, muted)

    def _paint_fault(self, painter: QPainter, option: QStyleOptionViewItem, step: Step) -> None:
        card = _card_rect(option.rect)
        colors = self._theme.colors
        strip = QRect(card.left() + EDGE, card.bottom() - FAULT + 1, card.width() - EDGE, FAULT)
        painter.fillRect(strip, QColor(colors.fault))
        font = _small(option.font)
        buttons = fix_rects(option.rect, step, option.font)
        left = buttons[0].left() if buttons else strip.right()
        room = QRect(strip.left() + 11, strip.top(), left - strip.left() - 19, FAULT)
        assert step.fault
        _put(painter, room, f"⚠ {capital(sentence(step.fault))}", font, QColor(colors.bad))
        for fix, rect in zip(step.fault.fixes, buttons, strict=False):
            painter.setPen(QPen(QColor(colors.bad), 1))
            painter.setBrush(QColor(colors.card))
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 3.5, -0.5, -3.5), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            _put(painter, rect.adjusted(8, 0, -8, 0), _label(fix), font, QColor(colors.bad))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        step: Step | None = index.data(STEP)
        if isinstance(event, QMouseEvent) and step and step.fault:
            rects = fix_rects(option.rect, step, option.font)
            hit = next(
                (i for i, r in enumerate(rects) if r.contains(event.position().toPoint())), None
            )
            if hit is not None and event.type() == QEvent.Type.MouseButtonRelease:
                self.fix_chosen.emit(step.path, hit)
            if hit is not None:
                return True
        return self._fold(event, option, index)

    def _fold(self, event: QEvent, option: QStyleOptionViewItem, index: Index) -> bool:
        step: Step | None = index.data(STEP)
        if not (isinstance(event, QMouseEvent) and step and isinstance(step.layer, BlockSpec)):
            return False
        hit = _arrow_rect(_card_rect(option.rect)).contains(event.position().toPoint())
        if hit and event.type() == QEvent.Type.MouseButtonRelease:
            self.folded.emit(index)
        return hit


def _card_rect(rect: QRect) -> QRect:
    return rect.adjusted(3, 2, -3, -(GAP - 2))


def _arrow_rect(card: QRect) -> QRect:
    """Where a block is folded and unfolded."""
    return QRect(card.left() + EDGE + 2, card.top(), 22, CARD - 2)


def fix_rects(rect: QRect, step: Step, font: QFont) -> list[QRect]:
    """Where the buttons of a faulty card are in its item's rectangle, from the right edge inwards:
    at most as many as leave the sentence some room."""
    card, metrics = _card_rect(rect), QFontMetrics(_small(font))
    rects: list[QRect] = []
    right = card.right() - 6
    for fix in reversed((step.fault.fixes if step.fault else ())[:3]):
        width = metrics.horizontalAdvance(_label(fix)) + 18
        rects.insert(0, QRect(right - width, card.bottom() - FAULT + 1, width, FAULT))
        right -= width + 6
    return rects


def _label(fix: Fix) -> str:
    return tr("Fix: {what}", what=tr(fix.label, **fix.values))


def _texts(step: Step | None, index: Index) -> _Texts:
    if step is None:
        stack = index.model()
        assert isinstance(stack, Stack)
        info = stack.data_info()
        return _Texts(tr("Input"), "", info.title, shape_text(info.shape), "")
    layer = step.layer
    parameters = (
        counted(step.parameters, tr("parameter"), tr("parameters")) if step.parameters else ""
    )
    shape = shape_text(None if step.fault and step.out_shape is None else step.out_shape)
    return _Texts(layer.kind, layer.name, layer.words(), shape, parameters)


def _fonts(font: QFont) -> tuple[QFont, QFont, QFont]:
    strong, mono = QFont(font), QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    mono.setFamilies(["DejaVu Sans Mono", "Menlo", "Consolas", "monospace"])
    mono.setPixelSize(12)
    return strong, _small(font), mono


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(11)
    small.setWeight(QFont.Weight.Normal)
    return small


def _put(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> int:
    """Draw one line, shortened to fit; gives the width that it takes."""
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(rect.width(), 0))
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(rect, int(align | Qt.AlignmentFlag.AlignVCenter), shown)
    return metrics.horizontalAdvance(shown)
