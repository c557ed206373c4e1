"""pyqtgraph as this window uses it: quiet axes, and pens that are cheap to draw.

Imported when the window shows already, since it takes as long as all the rest of the start.

A frame is cheap with cosmetic pens of width 1 without antialiasing, and not otherwise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor

from workbench.ui.naming import named
from workbench.ui.theme import Colors

pg.setConfigOptions(antialias=False)

Range = tuple[float, float]
Points = tuple[NDArray[np.float64], NDArray[np.float64]]

MOST_SYMBOLS = 200  # each is painted by itself


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot in the colours of the theme, without a frame, grid or context menu of its own."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        named(self, name, title)
        self.setMenuEnabled(False)
        menu = self.getPlotItem().ctrlMenu  # made all the same, and without a parent
        menu.setParent(self, menu.windowFlags())
        self.hideButtons()
        self.setMinimumSize(120, 80)
        self.getPlotItem().setContentsMargins(0, 4, 8, 0)
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)  # an epoch is no "epoch (x0.001)"

    def wear(self, colors: Colors) -> None:
        """Take on the colours of a theme."""
        self.setBackground(colors.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(colors.border))
            axis.setTextPen(colors.plot_axis)


def pen(color: str, alpha: int = 255) -> Any:
    """A pen that is cheap to draw with."""
    shade = QColor(color)
    shade.setAlpha(alpha)
    return pg.mkPen(shade, width=1)


class RangedPlot(Plot):
    """A plot whose ranges are ours: pyqtgraph would fit them at every frame, and the axes, painted
    anew with each range, cost more than the curves."""

    looked_elsewhere = Signal()
    """A person zoomed or moved, or the plot has another size: other points are to be drawn."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.fits = True
        """Whether the ranges follow the curves, which ends when a person zooms."""
        self._log = False
        self._label = ("", "")
        self.disableAutoRange()
        box = self.getViewBox()
        box.sigRangeChangedManually.connect(self._look_elsewhere)
        box.sigResized.connect(self.looked_elsewhere)

    def _look_elsewhere(self) -> None:
        self.fits = False
        self.looked_elsewhere.emit()

    def set_log(self, on: bool) -> None:
        """Draw the vertical axis in logarithms, or not; either shows all."""
        self._log, self.fits = on, True
        self.setLogMode(y=on)
        self.disableAutoRange()  # setLogMode enables it

    def on_axis(self, value: float) -> float:
        """Where a value stands on the vertical axis."""
        return float(np.log10(value)) if self._log and value > 0 else value

    def label_x(self, text: str, color: str) -> None:
        """Name the horizontal axis, which is painted anew only for another name."""
        if (text, color) != self._label:
            self._label = text, color
            self.setLabel("bottom", text, color=color)

    @property
    def most(self) -> int:
        """As many points as can be told apart, two a pixel."""
        return max(2 * int(self.getViewBox().width()), 100)

    def shown_x(self) -> tuple[float, float]:
        """The range of the horizontal axis."""
        low, high = self.viewRange()[0]
        return low, high

    def fit_x(self, low: float, high: float, growing: bool) -> None:
        """Show at least low to high; a curve that grows gets room, so that axes stay as they are
        for many frames."""
        if self.fits:
            span = (high - low) or 1.0
            room = low - 0.02 * span, high + (0.1 if growing else 0.02) * span
            self._move("x", self.viewRange()[0], (low, high), room, growing)

    def fit_y(self, curves: Sequence[NDArray[np.float64]], growing: bool) -> None:
        """Show these values, as the axis has them."""
        values = np.concatenate(curves)
        if self._log:
            values = np.log10(values[values > 0])
        if self.fits and len(values):
            low, high = float(values.min()), float(values.max())
            pad = 0.05 * ((high - low) or abs(high) or 1.0)
            room = low - pad, high + pad
            self._move("y", self.viewRange()[1], (low, high), room, growing)

    def _move(self, axis: str, now: Sequence[float], to: Range, room: Range, growing: bool) -> None:
        holds = now[0] <= to[0] and to[1] <= now[1]
        if not growing or not holds or now[1] - now[0] > 1.5 * (room[1] - room[0]):
            self.setRange(**{f"{axis}Range": room}, padding=0, disableAutoRange=False)


class CurvePlot(RangedPlot):
    """Raw and smoothed training values, validation points, and a line at the best epoch."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.raw, self.line, self.points = self.plot(), self.plot(), self.plot()
        self.raw.setSymbolSize(5)
        self.mark = pg.InfiniteLine(angle=90, movable=False)
        self.addItem(self.mark, ignoreBounds=True)
        self._dimmed: tuple[str, bool] | None = None

    def draw_val(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Draw validation: points joined by a line, or the line alone where they are many."""
        self.points.setSymbol("o" if len(x) <= MOST_SYMBOLS else None)
        self.points.setSymbolSize(5 if len(x) <= 60 else 3)
        self.points.setData(x, y)

    def draw_train(self, raw: Points, mean: Points | None, color: str) -> None:
        """Draw training, pale beneath its mean; a single value is a point."""
        if self._dimmed != (color, mean is not None):  # a pen's change costs as much as a frame
            self._dimmed = color, mean is not None
            self.raw.setPen(pen(color, 70 if mean else 255))
        self.raw.setSymbol("o" if len(raw[0]) == 1 else None)
        self.raw.setData(*raw)
        self.line.setData(*mean) if mean else self.line.clear()

    def wear(self, colors: Colors) -> None:
        super().wear(colors)
        self.line.setPen(pen(colors.train))
        self.points.setPen(pen(colors.val))
        for curve, color in ((self.points, colors.val), (self.raw, colors.train)):
            curve.setSymbolBrush(color)
            curve.setSymbolPen(None)
        self.mark.setPen(pg.mkPen(colors.val, width=1, dash=[3, 4]))


class Scatter(Plot):
    """Predicted over actual values, with the diagonal on which they agree."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.points = self.plot(pen=None, symbol="o", symbolSize=6)
        self._diagonal = pg.InfiniteLine(angle=45, movable=False)
        self.addItem(self._diagonal)

    def show_values(
        self, actual: NDArray[np.float64], predicted: NDArray[np.float64], colors: Colors
    ) -> None:
        """Draw (n,) predicted over (n,) actual values."""
        self.wear(colors)
        self._diagonal.setPen(pg.mkPen(colors.muted, width=1, dash=[4, 4]))
        self.points.setSymbolBrush(QColor(colors.val))
        self.points.setSymbolPen(None)
        self.points.setData(actual, predicted)
