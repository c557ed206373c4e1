"""The plot of many runs: a line each, with its number at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from workbench.ui.plots import MOST_SYMBOLS, Points, RangedPlot, pen
from workbench.ui.theme import Colors


@dataclass(frozen=True)
class Line:
    """What is drawn of one run."""

    points: Points
    color: str
    broken: bool
    number: int


class OverlayPlot(RangedPlot):
    """Lines are kept and given other points: to make one costs as much as to draw it."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, title)
        self._lines: list[tuple[Any, Any]] = []

    def draw_lines(self, lines: Sequence[Line]) -> None:
        """Draw these lines and no others."""
        while len(self._lines) < len(lines):
            number = pg.TextItem(anchor=(0, 0.5))
            self.addItem(number, ignoreBounds=True)
            self._lines.append((self.plot(), number))
        for (curve, number), line in zip(self._lines, lines, strict=False):
            self._draw(curve, number, line)
        for curve, number in self._lines[len(lines) :]:
            curve.clear()
            number.hide()

    def _draw(self, curve: Any, number: Any, line: Line) -> None:
        x, y = line.points
        shade = pen(line.color)
        if line.broken:
            shade.setStyle(Qt.PenStyle.DashLine)
        curve.setPen(shade)
        few = len(x) <= MOST_SYMBOLS // 4
        curve.setSymbol("o" if few else None)
        curve.setSymbolSize(5 if len(x) < 30 else 3)
        curve.setSymbolBrush(line.color)
        curve.setSymbolPen(None)
        curve.setData(x, y)
        number.setVisible(len(x) > 0)
        if len(x):
            number.setText(str(line.number), color=line.color)
            number.setPos(x[-1], self.on_axis(float(y[-1])))

    def wear(self, colors: Colors) -> None:
        super().wear(colors)
        self.getPlotItem().setContentsMargins(0, 4, 14, 0)  # room for the numbers
