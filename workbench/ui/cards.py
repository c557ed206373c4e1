"""The delegate that paints a layer as a card, with its fault and the fixes as buttons."""

from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QObject,
    QPoint,
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
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from workbench.core.block import BlockSpec
from workbench.core.layer import counted, shape_text
from workbench.core.rule import Severity
from workbench.core.walk import Step
from workbench.ui.card_text import EDGE, GAP, card_rect, put, small
from workbench.ui.fault_strip import button_at, fault_height, offers_of, paint_fault
from workbench.ui.offers import outcome
from workbench.ui.signs import paint_sign
from workbench.ui.stack import STEP, Index, Stack
from workbench.ui.text import tr
from workbench.ui.theme import Theme

CARD, RADIUS, LABEL = 46, 7, 24
TINT = 20  # of 255: how much of the text's colour is over a selected card


@dataclass(frozen=True)
class _Texts:
    kind: str
    name: str
    words: str
    shape: str
    parameters: str
    sign: Severity | None = None
    """How much the worst of what the rules found at the layer matters."""


class Cards(QStyledItemDelegate):
    """Paints `Stack` rows. `fix_chosen` carries the layer's path and the number of the offer
    clicked, `offers_wanted` an index and where the list of its offers is asked for, `folded` the
    index of a block whose arrow was clicked."""

    fix_chosen = Signal(object, int)
    offers_wanted = Signal(object, QPoint)
    folded = Signal(object)

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        step: Step | None = index.data(STEP)
        if not step and index.parent().isValid():  # a stack of a block: a line of text
            return QSize(120, LABEL)
        return QSize(220, CARD + fault_height(index) + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        step: Step | None = index.data(STEP)
        if not step and index.parent().isValid():
            self._paint_label(painter, option, index)
            return
        colors = self._theme.colors
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        fault = bool(step and step.fault)
        card = card_rect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.fillPath(outline, QColor(colors.card))
        if selected:  # a tint, since the colours of selection and fault are near to each other
            tint = QColor(colors.text)
            tint.setAlpha(TINT)
            painter.fillPath(outline, tint)
        painter.setClipPath(outline)
        edge = QRect(card.left(), card.top(), EDGE, card.height())
        painter.fillRect(edge, self._theme.category(step.layer.category if step else "Input"))
        if step and step.fault:
            paint_fault(painter, option, index, colors)
        painter.setClipping(False)
        border = colors.accent if selected else colors.bad if fault else colors.border
        painter.setPen(QPen(QColor(border), 2 if selected or fault else 1))
        painter.drawPath(outline)
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
        put(painter, rect, text, small(option.font), QColor(color))
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
        right = put(painter, inner, texts.shape, mono, text, Qt.AlignmentFlag.AlignRight)
        below = put(painter, lower, texts.parameters, small, muted, Qt.AlignmentFlag.AlignRight)
        upper_left = inner.adjusted(0, 0, -right - 10, 0)
        used = put(painter, upper_left, texts.kind, strong, text)
        named = upper_left.adjusted(used + 8, 0, -18 if texts.sign else 0, 0)
        used = put(painter, named, texts.name, small, muted)
        if texts.sign:
            at = QPointF(named.left() + used + 14, inner.center().y() + 1)
            paint_sign(painter, at, texts.sign, colors, font)
        put(painter, lower.adjusted(0, 0, -below - 10, 0), texts.words, small, muted)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if isinstance(event, QMouseEvent):
            hit = button_at(event.position().toPoint(), option, index)
            if hit is not None and event.type() == QEvent.Type.MouseButtonRelease:
                self._press(hit, event.globalPosition().toPoint(), index)
            if hit is not None:
                return True
        return self._fold(event, option, index)

    def _press(self, hit: int, at: QPoint, index: Index) -> None:
        if hit < len(offers_of(index)):
            self.fix_chosen.emit(index.data(STEP).path, hit)
        else:
            self.offers_wanted.emit(index, at)

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        hit = button_at(event.pos(), option, index)
        if hit is None:
            return super().helpEvent(event, view, option, index)
        offers = offers_of(index)
        text = outcome(offers[hit]) if hit < len(offers) else tr("All offers, with what they cost")
        QToolTip.showText(event.globalPos(), text, view)
        return True

    def _fold(self, event: QEvent, option: QStyleOptionViewItem, index: Index) -> bool:
        step: Step | None = index.data(STEP)
        if not (isinstance(event, QMouseEvent) and step and isinstance(step.layer, BlockSpec)):
            return False
        hit = _arrow_rect(card_rect(option.rect)).contains(event.position().toPoint())
        if hit and event.type() == QEvent.Type.MouseButtonRelease:
            self.folded.emit(index)
        return hit


def _arrow_rect(card: QRect) -> QRect:
    """Where a block is folded and unfolded."""
    return QRect(card.left() + EDGE + 2, card.top(), 22, CARD - 2)


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
    stack = index.model()
    assert isinstance(stack, Stack)
    found = stack.checks.at(step)
    sign = found[0].severity if found else None
    return _Texts(layer.kind, layer.name, layer.words(), shape, parameters, sign)


def _fonts(font: QFont) -> tuple[QFont, QFont, QFont]:
    strong, mono = QFont(font), QFont(font)
    strong.setWeight(QFont.Weight.DemiBold)
    mono.setFamilies(["DejaVu Sans Mono", "Menlo", "Consolas", "monospace"])
    mono.setPixelSize(12)
    return strong, small(font), mono
