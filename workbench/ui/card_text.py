"""What the parts of a card share: its rectangle, its small print, and text that is cut to fit."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

GAP, EDGE = 7, 5  # between two cards; the width of the colour at a card's left


def card_rect(rect: QRect) -> QRect:
    """Where the card is in its item's rectangle."""
    return rect.adjusted(3, 2, -3, -(GAP - 2))


def small(font: QFont) -> QFont:
    """The font of the small print."""
    small = QFont(font)
    small.setPixelSize(11)
    small.setWeight(QFont.Weight.Normal)
    return small


def put(
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
