"""pyqtgraph as this window uses it: quiet axes, and pens that are cheap to draw.

A frame is cheap with cosmetic pens of width 1 without antialiasing, and not otherwise.
"""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from workbench.ui.naming import named
from workbench.ui.theme import Colors

pg.setConfigOptions(antialias=False)


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """A plot in the colours of the theme, without a frame, grid or context menu of its own."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        named(self, name, title)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumSize(120, 80)
        self.getPlotItem().setContentsMargins(0, 4, 8, 0)

    def wear(self, colors: Colors) -> None:
        """Take on the colours of a theme."""
        self.setBackground(colors.panel)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(colors.border))
            axis.setTextPen(colors.plot_axis)


class Series:
    """Points that arrive one by one, kept in an array that grows by doubling."""

    def __init__(self, columns: int) -> None:
        self._held = np.empty((1024, columns))
        self.length = 0

    def append(self, *values: float) -> None:
        """Add a point."""
        if self.length == len(self._held):
            self._held = np.concatenate([self._held, np.empty_like(self._held)])
        self._held[self.length] = values
        self.length += 1

    def cut(self, step: float) -> None:
        """Forget the points behind `step`, which is the first column."""
        self.length = int(np.searchsorted(self._held[: self.length, 0], step, side="right"))

    def clear(self) -> None:
        """Forget all points."""
        self.length = 0

    def column(self, number: int) -> NDArray[np.float64]:
        """A column of all points."""
        return self._held[: self.length, number]


def smoothed(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean of the last `window` values at every point (of fewer at the start)."""
    if window <= 1 or len(values) < 2:
        return values
    window = min(window, len(values))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    means: NDArray[np.float64] = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def pen(color: str, alpha: int = 255) -> Any:
    """A pen that is cheap to draw with."""
    shade = QColor(color)
    shade.setAlpha(alpha)
    return pg.mkPen(shade, width=1)
