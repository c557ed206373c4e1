"""How a diagram looks: on the screen, in a picture and in an SVG file."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan2, cos, pi, sin

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF

from workbench.core.block import BlockSpec
from workbench.core.layer import shape_text
from workbench.core.walk import Path, Step
from workbench.ui.card_text import put, small
from workbench.ui.pages.diagram_layout import TITLE, Box, Diagram, Item, Wire
from workbench.ui.text import sentence, tr
from workbench.ui.theme import Theme

RADIUS, EDGE, ARROW = 7.0, 5.0, 6.0


@dataclass(frozen=True)
class Look:
    """What is drawn: the layers by their paths, the data's name, the one that is marked."""

    theme: Theme
    steps: Mapping[Path, Step]
    data: str
    font: QFont
    current: Path | None = None


def paint_diagram(painter: QPainter, diagram: Diagram, look: Look, seen: QRectF) -> None:
    """Draw what of the diagram lies in `seen`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(look.font)
    for item in diagram.items:
        if item.kind == "frame" and _rect(item.box).intersects(seen):
            _paint_frame(painter, item, look)
    for wire in diagram.wires:
        if _bounds(wire).intersects(seen):
            _paint_wire(painter, wire, diagram, look)
    for item in diagram.items:
        if not _rect(item.box).intersects(seen):
            continue
        if item.kind == "frame":
            _paint_title(painter, item, look)
        else:
            (_paint_join if item.kind == "join" else _paint_layer)(painter, item, look)


def _rect(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def _bounds(wire: Wire) -> QRectF:
    """Of a line with its label."""
    rect = QPolygonF([QPointF(x, y) for x, y in wire.points]).boundingRect()
    return rect.adjusted(-60, -20, 120, 20)


def _border(item: Item, look: Look) -> QPen:
    colors, step = look.theme.colors, look.steps.get(item.path)
    if item.path == look.current:
        return QPen(QColor(colors.accent), 2)
    if step and step.fault:
        return QPen(QColor(colors.bad), 2)
    return QPen(QColor(colors.border), 1)


def _paint_frame(painter: QPainter, item: Item, look: Look) -> None:
    painter.setPen(_border(item, look))
    painter.setBrush(_ground(item, look))
    painter.drawRoundedRect(_rect(item.box), RADIUS, RADIUS)


def _ground(item: Item, look: Look) -> QColor:
    """The deeper in blocks, the more it stands out."""
    colors = look.theme.colors
    low, high, share = QColor(colors.window), QColor(colors.muted), 0.0
    for _ in range(len(item.path) // 2 + 1):
        share += (1 - share) * 0.07
    mixed = [
        round(a + (b - a) * share)
        for a, b in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed)


def _paint_title(painter: QPainter, item: Item, look: Look) -> None:
    step, rect, colors = look.steps[item.path], _rect(item.box), look.theme.colors
    title = QRect(round(rect.x()) + 10, round(rect.y()) + 3, round(rect.width()) - 20, int(TITLE))
    sign = "⚠ " if step.fault else ""
    strong = small(look.font)
    strong.setWeight(QFont.Weight.DemiBold)
    color = QColor(colors.bad if step.fault else colors.text)
    kind, side, little = sign + kind_text(step), _side_text(step), small(look.font)
    wide = QFontMetrics(strong).horizontalAdvance(kind)
    whole = wide + 6 + QFontMetrics(little).horizontalAdvance(side)
    under = QRect(title.x() - 3, title.y() + 2, min(whole, title.width()) + 6, title.height() - 5)
    painter.fillRect(under, _ground(item, look))  # the line of the flow may pass there
    put(painter, title, kind, strong, color)
    put(painter, title.adjusted(wide + 6, 0, 0, 0), side, little, QColor(colors.muted))


def kind_text(step: Step) -> str:
    """`Repeat × 4`, `Group`, `Conv2d`."""
    layer = step.layer
    rounds = layer.rounds if isinstance(layer, BlockSpec) else 1
    return layer.kind + (f" × {rounds}" if rounds > 1 else "")


def _side_text(step: Step) -> str:
    title = getattr(step.layer, "title", "")
    return f"{step.layer.name} · {title}" if title else step.layer.name


def _paint_wire(painter: QPainter, wire: Wire, diagram: Diagram, look: Look) -> None:
    colors = look.theme.colors
    points = [QPointF(x, y) for x, y in wire.points]
    painter.setPen(QPen(QColor(colors.muted), 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    if wire.is_arrow:
        _paint_arrow(painter, points[-2], points[-1], QColor(colors.muted))
    if wire.label:
        (x, y), (a, b) = wire.points[0], wire.points[1]
        place = QRect(round(x) + 6, round(y), 150, round(b - y) - 3)
        align = Qt.AlignmentFlag.AlignLeft
        if diagram.direction == "right":
            if a - x < 60:
                return
            place = QRect(round(x), round(y) - 18, round(a - x), 16)
            align = Qt.AlignmentFlag.AlignHCenter
        put(painter, place, wire.label, small(look.font), QColor(colors.muted), align)


def _paint_arrow(painter: QPainter, before: QPointF, tip: QPointF, color: QColor) -> None:
    angle = atan2(tip.y() - before.y(), tip.x() - before.x())
    wings = (angle + pi - 0.5, angle + pi + 0.5)
    corners = [tip, *(tip + QPointF(ARROW * cos(w), ARROW * sin(w)) for w in wings)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF(corners))


def _paint_join(painter: QPainter, item: Item, look: Look) -> None:
    rect, colors = _rect(item.box), look.theme.colors
    painter.setPen(QPen(QColor(colors.muted), 1.3))
    painter.setBrush(QColor(colors.card))
    if len(item.sign) > 1:
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        middle = Qt.AlignmentFlag.AlignHCenter
        put(painter, rect.toRect(), item.sign, small(look.font), QColor(colors.text), middle)
        return
    painter.drawEllipse(rect)
    arm, middle_at = rect.width() * 0.26, rect.center()
    turned = pi / 4 if item.sign == "×" else 0.0
    for angle in (turned, turned + pi / 2):  # drawn: a sign of the font would not sit right
        reach = QPointF(arm * cos(angle), arm * sin(angle))
        painter.drawLine(middle_at - reach, middle_at + reach)


def _paint_layer(painter: QPainter, item: Item, look: Look) -> None:
    step, rect, colors = look.steps.get(item.path), _rect(item.box), look.theme.colors
    outline = QPainterPath()
    outline.addRoundedRect(rect, RADIUS, RADIUS)
    if item.kind == "folded":  # a second sheet behind it: there is more inside
        painter.setPen(QPen(QColor(colors.border), 1))
        painter.setBrush(QColor(colors.hover))
        painter.drawRoundedRect(rect.translated(3, 3), RADIUS, RADIUS)
    painter.fillPath(outline, QColor(colors.card))
    painter.save()
    painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
    category = step.layer.category if step else "Input"
    stripe = QRectF(rect.x(), rect.y(), EDGE, rect.height())
    painter.fillRect(stripe, look.theme.category(category))
    painter.restore()
    painter.setPen(_border(item, look))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline)
    _paint_texts(painter, rect, look, step)


def _paint_texts(painter: QPainter, rect: QRectF, look: Look, step: Step | None) -> None:
    colors = look.theme.colors
    strong, little = QFont(look.font), small(look.font)
    strong.setWeight(QFont.Weight.DemiBold)
    left, width = round(rect.x() + EDGE) + 8, round(rect.width() - EDGE) - 14
    upper = QRect(left, round(rect.y()) + 5, width, 18)
    lower = upper.translated(0, 18)
    if step is None:
        put(painter, upper, tr("Input"), strong, QColor(colors.text))
        put(painter, lower, look.data, little, QColor(colors.muted))
        return
    color = QColor(colors.bad if step.fault else colors.text)
    used = put(painter, upper, ("⚠ " if step.fault else "") + kind_text(step), strong, color)
    rest = upper.adjusted(used + 7, 0, 0, 0)
    if rest.width() > 24:
        put(painter, rest, step.layer.name, little, QColor(colors.muted))
    put(painter, lower, step.layer.words(), little, QColor(colors.muted))


def outline_text(look: Look) -> str:
    """The diagram in words, for a screen reader: every layer with its shape, blocks with what is
    in them."""
    lines = [tr("Input {data}", data=look.data)]
    for step in look.steps.values():
        inside = tr("in block {depth}: ", depth=step.depth) if step.depth else ""
        made = tr("gives {shape}", shape=shape_text(step.out_shape))
        told = f": {sentence(step.fault)}" if step.fault else f" {made}"
        lines.append(f"{inside}{kind_text(step)} {step.layer.name}{told}")
    return "; ".join(lines)
