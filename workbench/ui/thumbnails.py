"""A network in small: a bar for every layer, in the colour of its category.

Bars are as high as the layer's output is long (pixels, steps or features, on a log scale) and as
wide as it has channels; blocks fork into lanes or stand in frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from workbench.core.block import BlockSpec
from workbench.core.layer import Shape
from workbench.core.project import Project
from workbench.core.walk import Path, Step, in_stack
from workbench.ui.theme import Theme

GAP, MARGIN = 1.6, 3.0  # in units, of which a whole network shares the width of the picture
LARGEST_UNIT = 4.0  # pixels, so that a single layer is no wall
CROWD = 24  # with more layers than these, activations and their like are left out
SLIM = ("Activation", "Normalization", "Regularization", "Reshape")


@dataclass(frozen=True)
class _Brush:
    """What all parts are painted with; `unit` is in pixels."""

    painter: QPainter
    theme: Theme
    unit: float

    def pen(self, width: float = 1.2) -> None:
        self.painter.setPen(QPen(QColor(self.theme.colors.muted), width))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)


@dataclass(frozen=True)
class _Bar:
    width: float
    share: float
    """Of the lane's height."""
    category: str

    def paint(self, brush: _Brush, x: float, middle: float, height: float) -> None:
        width, tall = self.width * brush.unit, max(3.0, self.share * height)
        brush.painter.setPen(Qt.PenStyle.NoPen)
        brush.painter.setBrush(brush.theme.category(self.category))
        radius = min(2.5, width / 2)
        bar = QRectF(x, middle - tall / 2, width, tall)
        brush.painter.drawRoundedRect(bar, radius, radius)


@dataclass(frozen=True)
class _Row:
    """Parts in a row, with a line through the middle."""

    parts: Sequence[_Bar | _Frame | _Fork]

    @property
    def width(self) -> float:
        return sum(part.width for part in self.parts) + GAP * max(len(self.parts) - 1, 0)

    def paint(self, brush: _Brush, x: float, middle: float, height: float) -> None:
        brush.pen()
        end = x + self.width * brush.unit
        brush.painter.drawLine(QPointF(x, middle), QPointF(end, middle))
        for part in self.parts:
            part.paint(brush, x, middle, height)
            x += (part.width + GAP) * brush.unit


@dataclass(frozen=True)
class _Frame:
    """A group; as two sheets where it is repeated."""

    row: _Row
    rounds: int

    @property
    def width(self) -> float:
        return self.row.width + 2 * GAP

    def paint(self, brush: _Brush, x: float, middle: float, height: float) -> None:
        frame = QRectF(x, middle - height / 2, self.width * brush.unit, height)
        colors = brush.theme.colors
        for sheet in range(2 if self.rounds > 1 else 1, 0, -1):
            shift = 3.0 * (sheet - 1)
            brush.painter.setPen(QPen(QColor(colors.border), 1))
            brush.painter.setBrush(QColor(colors.hover))
            brush.painter.drawRoundedRect(frame.translated(shift, -shift), 4, 4)
        self.row.paint(brush, x + GAP * brush.unit, middle, height - 8)


@dataclass(frozen=True)
class _Fork:
    """Lanes one below the other; one without layers is a narrow line."""

    lanes: Sequence[_Row]

    @property
    def width(self) -> float:
        return max(lane.width for lane in self.lanes) + 2 * MARGIN

    def paint(self, brush: _Brush, x: float, middle: float, height: float) -> None:
        weights = [1.0 if lane.parts else 0.2 for lane in self.lanes]
        top, whole = middle - height / 2, sum(weights)
        end = x + self.width * brush.unit
        for lane, weight in zip(self.lanes, weights, strict=True):
            tall = height * weight / whole
            self._wire(brush, x, end, middle, top + tall / 2)
            inner = x + (self.width - lane.width) / 2 * brush.unit
            lane.paint(brush, inner, top + tall / 2, tall - 2)
            top += tall

    @staticmethod
    def _wire(brush: _Brush, x: float, end: float, middle: float, lane: float) -> None:
        bend = MARGIN * brush.unit
        path = QPainterPath(QPointF(x, middle))
        path.cubicTo(x + bend / 2, middle, x + bend / 2, lane, x + bend, lane)
        path.lineTo(end - bend, lane)
        path.cubicTo(end - bend / 2, lane, end - bend / 2, middle, end, middle)
        brush.pen()
        brush.painter.drawPath(path)


def thumbnail(project: Project, theme: Theme, width: int, height: int, ratio: float) -> QPixmap:
    """The project's network on a transparent ground, `ratio` device pixels for each pixel."""
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_network(painter, QRect(0, 0, width, height), project, theme)
    painter.end()
    return pixmap


def paint_network(painter: QPainter, rect: QRect, project: Project, theme: Theme) -> None:
    """The project's network in the middle of `rect`."""
    row = _network(project)
    unit = min(LARGEST_UNIT, rect.width() / row.width)
    left = rect.center().x() + 0.5 - row.width * unit / 2
    row.paint(_Brush(painter, theme, unit), left, rect.center().y() + 0.5, rect.height())


def _network(project: Project) -> _Row:
    steps, shape = project.walk(), project.data.info().shape
    leaves = [step for step in steps if not isinstance(step.layer, BlockSpec)]
    tallest = max(_length(step.out_shape) for step in leaves if step.out_shape) if leaves else 1
    scale = _Scale(max(tallest, _length(shape)), len(leaves) > CROWD)
    return _Row([scale.bar("Input", shape), *scale.parts(steps, ())])


@dataclass(frozen=True)
class _Scale:
    tallest: int
    crowded: bool

    def parts(self, steps: Sequence[Step], at: Path) -> Iterator[_Bar | _Frame | _Fork]:
        for step in in_stack(steps, at):
            if isinstance(step.layer, BlockSpec):
                yield self._block(steps, step, step.layer)
            elif not (self.crowded and step.layer.category in SLIM):
                yield self.bar(step.layer.category, step.out_shape or (1,))

    def _block(self, steps: Sequence[Step], step: Step, block: BlockSpec) -> _Frame | _Fork:
        stacks = range(len(block.stacks))
        lanes = [_Row(list(self.parts(steps, (*step.path, number)))) for number in stacks]
        return _Frame(lanes[0], block.rounds) if block.scope else _Fork(lanes)

    def bar(self, category: str, shape: Shape) -> _Bar:
        share = 0.15 + 0.85 * log2(1 + _length(shape)) / log2(1 + self.tallest)
        if category in SLIM:
            return _Bar(1.5, share, category)
        channels = 1 if len(shape) == 1 else shape[0] if len(shape) == 3 else shape[-1]
        return _Bar(3.0 + 0.6 * log2(channels), share, category)


def _length(shape: Shape) -> int:
    """How tall a bar is for an output: pixels, steps, or the features of a plain vector."""
    return shape[-2] if len(shape) > 1 else max(1, min(shape[0], 64) // 2)
