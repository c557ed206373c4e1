"""Plots of the plane: samples to be circled, and the boundary behind them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPolygonF

from workbench.core.space import BoundaryFound
from workbench.ui.plots import Plot
from workbench.ui.theme import Colors

CLASSES = (
    "#2f6fdd",
    "#d9481c",
    "#1a9f5b",
    "#8a4fd0",
    "#c99a00",
    "#00a0b0",
    "#d0398f",
    "#7a5c3a",
    "#7f8a99",
    "#a3b300",
)
"""Colours of classes; with more than ten they come again."""
SIGNS = ("o", "t", "s", "d", "+", "star", "p", "x", "t1", "h")
"""Colour is never the only sign."""
NEAR = 10.0


def inside(points: NDArray[Any], corners: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points (n, 2) lie in a polygon (m, 2): those from which a ray crosses its edges an odd
    number of times."""
    x, y = points[:, :1], points[:, 1:]
    x0, y0 = corners[:, 0], corners[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    spans = (y0 > y) != (y1 > y)
    slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    crossed = spans & (x < x0 + slope * (y - y0))
    found: NDArray[np.bool_] = crossed.sum(1) % 2 == 1
    return found


class Samples(Plot):
    """Samples in the plane: a drawn line around some chooses them, with Shift a rectangle does."""

    circled = Signal(object)
    """The places (k,) in what is shown; none after a click beside all."""
    hovered = Signal(int, object)
    """The place of the sample under the mouse, or -1, and where the mouse is."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.dots = pg.ScatterPlotItem(size=7, pen=None)
        self.ring = self.plot()
        self.addItem(self.dots)
        self.getViewBox().setMouseEnabled(False, False)
        self.setMouseTracking(True)
        self.places: NDArray[np.float64] = np.zeros((0, 2))
        self._way: list[QPointF] = []

    def show_points(
        self, places: NDArray[Any], kinds: NDArray[Any], brushes: Sequence[QColor]
    ) -> None:
        """Draw (n, 2) places; `kinds` (n,) tell which of the colours and signs each has."""
        self.places = np.asarray(places, dtype=np.float64)
        colors = [pg.mkBrush(color) for color in brushes]
        kinds = np.asarray(kinds, dtype=int)
        self.dots.setData(
            x=self.places[:, 0],
            y=self.places[:, 1],
            brush=[colors[kind % len(colors)] for kind in kinds.tolist()],
            symbol=[SIGNS[kind % len(SIGNS)] for kind in kinds.tolist()],
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._way = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._way:
            self.hovered.emit(self.nearest(event.position()), event.position())
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            box = QRectF(self._way[0], event.position())
            self._way = [box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft()]
        else:
            self._way.append(event.position())
        corners = self._placed([*self._way, self._way[0]])
        self.ring.setData(corners[:, 0], corners[:, 1])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        way, self._way = self._way, []
        self.ring.clear()
        if len(way) > 2:
            self.circled.emit(np.flatnonzero(inside(self.places, self._placed(way))))
        elif way:
            near = self.nearest(event.position())
            self.circled.emit(np.array([near] if near >= 0 else [], dtype=int))

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self.hovered.emit(-1, QPointF())

    def _placed(self, way: Sequence[QPointF]) -> NDArray[np.float64]:
        box = self.getViewBox()
        scene = self.mapToScene(QPolygonF(way).toPolygon())
        found = [box.mapSceneToView(point) for point in scene]
        return np.array([(point.x(), point.y()) for point in found])

    def at(self, place: int) -> QPointF:
        """Where a sample is drawn, in pixels of the plot."""
        shown = self.getViewBox().mapViewToScene(QPointF(*self.places[place]))
        return QPointF(self.mapFromScene(shown))

    def nearest(self, at: QPointF) -> int:
        """The sample nearest to a pixel, or -1 if none is near."""
        if not len(self.places):
            return -1
        here = self._placed([at])[0]
        width, height = self.getViewBox().viewPixelSize()
        away = np.hypot(
            (self.places[:, 0] - here[0]) / width, (self.places[:, 1] - here[1]) / height
        )
        best = int(away.argmin())
        return best if away[best] <= NEAR else -1

    def wear(self, colors: Colors) -> None:
        super().wear(colors)
        self.ring.setPen(pg.mkPen(colors.accent, width=1))


class Plane(Plot):
    """What a model of two inputs says everywhere, as colours, and points over it."""

    clicked = Signal(float, float)

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.dots = pg.ScatterPlotItem(size=6)
        self.added = pg.ScatterPlotItem(size=13, symbol="star")
        for item in (self.image, self.dots, self.added):
            self.addItem(item)
        self.getViewBox().setMouseEnabled(False, False)
        self.getViewBox().setDefaultPadding(0.0)

    def show_field(
        self, pixels: NDArray[np.uint8], low: tuple[float, float], high: tuple[float, float]
    ) -> None:
        """Draw (rows, columns, 3) pixels between two corners."""
        self.image.setImage(pixels, autoLevels=False, levels=(0, 255))
        self.image.setRect(QRectF(*low, high[0] - low[0], high[1] - low[1]))
        self.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]), padding=0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        scene = self.mapToScene(event.position().toPoint())
        if (
            event.button() == Qt.MouseButton.LeftButton
            and self.getViewBox().sceneBoundingRect().contains(scene)
        ):
            place = self.getViewBox().mapSceneToView(scene)
            self.clicked.emit(place.x(), place.y())


def field_pixels(values: NDArray[Any], colors: Colors) -> NDArray[np.uint8]:
    """(rows, columns, 3) pixels: the classes' colours mixed by their probabilities, pale before the
    background where none is sure; values from the colour of the lowest to that of the highest."""
    paper = _rgb(colors.panel)
    if values.ndim == 3:
        palette = np.array([_rgb(CLASSES[i % len(CLASSES)]) for i in range(values.shape[2])])
        mixed = 0.45 * paper + 0.55 * (values @ palette)
    else:
        low, high = float(values.min()), float(values.max())
        share = ((values - low) / ((high - low) or 1.0))[..., None]
        mixed = 0.35 * paper + 0.65 * ((1 - share) * _rgb(CLASSES[0]) + share * _rgb(CLASSES[1]))
    found: NDArray[np.uint8] = mixed.clip(0, 255).astype(np.uint8)
    return found


def point_brushes(found: BoundaryFound, classes: bool) -> list[Any]:
    """A brush for each training sample: of its class, or of its value."""
    if classes:
        brushes = [pg.mkBrush(color) for color in CLASSES]
        return [brushes[int(target) % len(brushes)] for target in found.targets]
    low, high = float(found.targets.min()), float(found.targets.max())
    shades = np.linspace(_rgb(CLASSES[0]), _rgb(CLASSES[1]), 16).astype(int).tolist()
    brushes = [pg.mkBrush(*shade) for shade in shades]
    places = (found.targets - low) / ((high - low) or 1.0) * 15
    return [brushes[place] for place in places.astype(int).tolist()]


def _rgb(color: str) -> NDArray[np.float64]:
    shade = QColor(color)
    return np.array([shade.red(), shade.green(), shade.blue()], dtype=np.float64)
