"""The strip of a faulty card: what is wrong, and buttons that mend it."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem

from workbench.core.repair import Offer
from workbench.core.walk import Step
from workbench.ui.card_text import EDGE, card_rect, put, small
from workbench.ui.offers import fix_label
from workbench.ui.stack import STEP, Index, Stack
from workbench.ui.text import capital, sentence, tr
from workbench.ui.theme import Colors

FAULT, BUTTONS = 24, 26  # heights of the sentence and of the row of buttons
MORE = 22  # the width of the button that lists all offers


def paint_fault(
    painter: QPainter, option: QStyleOptionViewItem, index: Index, colors: Colors
) -> None:
    """Draw the strip at the foot of a faulty card."""
    step, offers = index.data(STEP), offers_of(index)
    card, height = card_rect(option.rect), fault_height(index)
    strip = QRect(card.left() + EDGE, card.bottom() - height + 1, card.width() - EDGE, height)
    painter.fillRect(strip, QColor(colors.fault))
    room = QRect(strip.left() + 11, strip.top(), strip.width() - 22, FAULT)
    font, bad = small(option.font), QColor(colors.bad)
    put(painter, room, f"⚠ {capital(sentence(step.fault))}", font, bad)
    rects = fix_rects(option.rect, offers, option.font)
    for offer, rect in zip(offers, rects, strict=False):
        _paint_button(painter, rect, _label(offer, offers), font, colors)
    if offers:
        _paint_button(painter, more_rect(rects), "▾", font, colors)


def _paint_button(painter: QPainter, rect: QRect, text: str, font: QFont, colors: Colors) -> None:
    bad = QColor(colors.bad)
    painter.setPen(QPen(bad, 1))
    painter.setBrush(QColor(colors.card))
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    put(painter, rect.adjusted(6, 0, -6, 0), text, font, bad, Qt.AlignmentFlag.AlignHCenter)


def offers_of(index: Index) -> Sequence[Offer]:
    """The ways to mend the fault of a row; none if it has no fault."""
    step: Step | None = index.data(STEP)
    stack = index.model()
    assert isinstance(stack, Stack)
    return stack.offers(step.path) if step and step.fault else ()


def fault_height(index: Index) -> int:
    """How tall the strip of a card is; 0 if it has no fault."""
    step: Step | None = index.data(STEP)
    if not (step and step.fault):
        return 0
    return FAULT + BUTTONS * bool(offers_of(index))


def button_at(at: QPoint, option: QStyleOptionViewItem, index: Index) -> int | None:
    """The number of the button at a place; that behind the offers' own lists them all."""
    offers = offers_of(index)
    if not offers:
        return None
    rects = fix_rects(option.rect, offers, option.font)
    if more_rect(rects).contains(at):
        return len(offers)
    return next((number for number, rect in enumerate(rects) if rect.contains(at)), None)


def fix_rects(rect: QRect, offers: Sequence[Offer], font: QFont) -> list[QRect]:
    """Where the offers' buttons are in the rectangle of a faulty card's item: as many as have
    room, and the first in any case."""
    card, metrics = card_rect(rect), QFontMetrics(small(font))
    left, end = card.left() + EDGE + 10, card.right() - 10 - MORE
    rects: list[QRect] = []
    for offer in offers:
        width = metrics.horizontalAdvance(_label(offer, offers)) + 18
        if rects and left + width > end:
            break
        width = min(width, end - left)
        rects.append(QRect(left, card.bottom() - BUTTONS + 1, width, BUTTONS - 6))
        left += width + 6
    return rects


def more_rect(rects: Sequence[QRect]) -> QRect:
    """Where the button behind the offers is that lists them all."""
    last = rects[-1]
    return QRect(last.right() + 7, last.top(), MORE, last.height())


def _label(offer: Offer, offers: Sequence[Offer]) -> str:
    label = fix_label(offer.fix)
    return tr("Fix: {what}", what=label) if offer is offers[0] else label
