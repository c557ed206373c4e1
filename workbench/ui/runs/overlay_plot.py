"""The plot of many runs: a line each, with its number at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt

from workbench.ui.plots import MOST_SYMBOLS, Points, RangedPlot, pen
from workbench.ui.theme import Colors

LETTERS = 11
"""Pixels that a number takes of the height."""

End = tuple[float, float, Any]
"""y, x and the number of the end of a line."""


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
        number.setText(str(line.number), color=line.color)

    def place_numbers(self, lines: Sequence[Line]) -> None:
        """Put each number at the end of its line, once the ranges are set."""
        low, high = self.viewRange()[1]
        ends = [
            (self.on_axis(float(line.points[1][-1])), float(line.points[0][-1]), number)
            for (_, number), line in zip(self._lines, lines, strict=False)
            if len(line.points[0])
        ]
        gap = LETTERS * (high - low) / max(self.getViewBox().height(), 1.0)
        left, right = self.shown_x()
        for near in neighbours(ends, 2 * LETTERS * (right - left) / max(self.most / 2, 1.0)):
            near.sort(key=lambda end: -end[0])
            places = apart([y for y, _, _ in near], gap, low + gap / 2)
            for place, (_, x, number) in zip(places, near, strict=True):
                number.setPos(x, place)

    def wear(self, colors: Colors) -> None:
        super().wear(colors)
        self.getPlotItem().setContentsMargins(0, 4, 14, 0)  # room for the numbers


def neighbours(ends: Sequence[End], width: float) -> list[list[End]]:
    """Ends of lines in groups: within one, each is at most `width` from the next."""
    found: list[list[End]] = []
    for end in sorted(ends, key=lambda end: end[1]):
        if found and end[1] - found[-1][-1][1] <= width:
            found[-1].append(end)
        else:
            found.append([end])
    return found


def apart(heights: Sequence[float], gap: float, lowest: float) -> list[float]:
    """Heights, highest first, moved down until they are `gap` apart, and up again from `lowest`."""
    places = []
    above = float("inf")
    for height in heights:
        above = min(height, above - gap)
        places.append(above)
    for at in reversed(range(len(places))):
        places[at] = max(places[at], lowest)
        lowest = places[at] + gap
    return places
