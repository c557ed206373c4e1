"""How the curves of several runs are told apart: a number each, and colours that people with any
kind of colour vision can tell apart (after Okabe and Ito, "Color Universal Design", 2008)."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

from workbench.ui.theme import Theme

ON_LIGHT = ("#0072b2", "#d55e00", "#009e73", "#b5568f", "#b88000", "#3a9bd1", "#5d6673")
ON_DARK = ("#56b4e9", "#f0803c", "#2fbf9b", "#d68fb8", "#f0d442", "#7aa2ff", "#9aa3ae")
MOST = 2 * len(ON_LIGHT)
"""As many curves as are drawn at once; those of the second round have broken lines."""
SIDE = 16
BOX = QRectF(0, 0, SIDE, SIDE)


def color(theme: Theme, place: int) -> str:
    """The colour of the curve at a place, from 0."""
    colors = ON_DARK if theme.dark else ON_LIGHT
    return colors[place % len(colors)]


def broken(place: int) -> bool:
    """Whether its line is broken, since another one has its colour."""
    return place >= len(ON_LIGHT)


def mark(theme: Theme, place: int, ratio: float) -> QIcon:
    """The mark of a curve: its number on its colour; `ratio` is the screen's pixels a point."""

    def paint(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(color(theme, place)))
        painter.drawRoundedRect(BOX, 4, 4)
        painter.setPen(QColor(theme.colors.panel))
        painter.drawText(BOX, Qt.AlignmentFlag.AlignCenter, str(place + 1))

    return _icon(paint, ratio, 10)


def sign(text: str, shade: QColor, ratio: float) -> QIcon:
    """A sign of one letter, so that the words behind several of them stand in line."""

    def paint(painter: QPainter) -> None:
        painter.setPen(shade)
        painter.drawText(BOX, Qt.AlignmentFlag.AlignCenter, text)

    return _icon(paint, ratio, 13)


def _icon(paint: Callable[[QPainter], None], ratio: float, letters: int) -> QIcon:
    picture = QPixmap(round(SIDE * ratio), round(SIDE * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    font = QFont()
    font.setPixelSize(letters)
    font.setBold(True)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    paint(painter)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # else it is tinted in a selected row
    return icon
