"""The signs of findings: a triangle for what is wrong, a ring for a hint; never colour alone."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF

from workbench.core.rule import Severity
from workbench.ui.theme import Colors

SIZE = 14


def sign_color(severity: Severity, colors: Colors) -> QColor:
    """The colour of a severity."""
    return QColor({"problem": colors.bad, "warning": colors.warn, "hint": colors.val}[severity])


def paint_sign(
    painter: QPainter, at: QPointF, severity: Severity, colors: Colors, font: QFont
) -> None:
    """Draw the sign of a severity with its middle at `at`."""
    color = sign_color(severity, colors)
    half = SIZE / 2
    outline = QPainterPath()
    if severity == "hint":
        outline.addEllipse(at, half - 0.5, half - 0.5)
    else:
        corners = [QPointF(0, -half), QPointF(half, half - 1.5), QPointF(-half, half - 1.5)]
        outline.addPolygon(QPolygonF([at + corner for corner in corners]))
        outline.closeSubpath()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.4, j=Qt.PenJoinStyle.RoundJoin))
    if severity == "problem":
        painter.fillPath(outline, color)
    painter.drawPath(outline)
    letters = QFont(font)
    letters.setPixelSize(9)
    letters.setBold(True)
    painter.setFont(letters)
    painter.setPen(QColor(colors.card) if severity == "problem" else color)
    lower = 0 if severity == "hint" else 1.5
    box = QRectF(at.x() - half, at.y() - half + lower, SIZE, SIZE)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "i" if severity == "hint" else "!")
    painter.restore()
