"""pyqtgraph as this window uses it: quiet axes, and pens that are cheap to draw.

Imported when the window shows already, since it takes as long as all the rest of the start.

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
        menu = self.getPlotItem().ctrlMenu  # made all the same, and without a parent
        menu.setParent(self, menu.windowFlags())
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


def pen(color: str, alpha: int = 255) -> Any:
    """A pen that is cheap to draw with."""
    shade = QColor(color)
    shade.setAlpha(alpha)
    return pg.mkPen(shade, width=1)


class CurvePlot(Plot):
    """Raw and smoothed training values, validation points, and a line at the best epoch."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self.raw, self.line = self.plot(), self.plot()
        self.points = self.plot(symbol="o", symbolSize=5)
        self.mark = pg.InfiniteLine(angle=90, movable=False)
        self.addItem(self.mark)
        for curve in (self.raw, self.line):
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)

    def wear(self, colors: Colors) -> None:
        super().wear(colors)
        self.line.setPen(pen(colors.train))
        self.points.setPen(pen(colors.val))
        self.points.setSymbolBrush(colors.val)
        self.points.setSymbolPen(None)
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
