"""Points that arrive one by one and their running mean, in as few points as a plot can show.

A frame costs what its pixels cost, however long the curve is: the least and the greatest of every
2, 4, 8, … values are kept, so that pixels, not points, bound what is read, mapped and drawn.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where it is used: numpy takes a tenth of a second of the start
    import numpy as np
    from numpy.typing import NDArray

    Drawn = tuple[NDArray[np.float64], NDArray[np.float64]]

LONGEST_WINDOW = 200


class Peaks:
    """A growing array of values, and the least and the greatest in its blocks of 2, 4, 8, …"""

    def __init__(self, values: array[float]) -> None:
        self.values = values
        self._levels: list[tuple[array[float], array[float]]] = []

    def cut(self, length: int) -> None:
        """Forget all values but the first ones."""
        del self.values[length:]
        for level, blocks in enumerate(self._levels, 1):
            for held in blocks:
                del held[length >> level :]

    def points(
        self, first: int, last: int, most: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions and values that draw `values[first:last]` in about `most` points, at least 4.

        A block begins at a multiple of its size, so it stays what it is while values come in.
        """
        import numpy as np

        if last - first <= most:
            return np.arange(first, last), np.array(self.values[first:last])
        self._follow()
        level = 1
        while (last - first) >> (level - 1) > most:
            level += 1
        blocks = slice(first >> level, last >> level)
        begin = blocks.stop << level  # of what fills no block yet
        rest = np.array(self.values[begin:last])
        ends = [rest.min(), rest.max(), rest[-1]] if len(rest) else []
        peaks = np.column_stack([held[blocks] for held in self._levels[level - 1]]).ravel()
        starts = np.repeat(np.arange(blocks.start, blocks.stop) << level, 2)
        places = np.array([begin, begin, last - 1][: len(ends)], dtype=starts.dtype)
        return np.concatenate([starts, places]), np.concatenate([peaks, ends])

    def _follow(self) -> None:
        """Fill the blocks that values came in for; all in all, a few operations for each value."""
        import numpy as np

        lows = highs = self.values
        level = 0
        while (ready := len(lows) // 2) > 0:
            if level == len(self._levels):
                self._levels.append((array("d"), array("d")))
            below, (lows, highs) = (lows, highs), self._levels[level]
            new = slice(2 * len(lows), 2 * ready)
            for held, parts, peak in zip(
                (lows, highs), below, (np.minimum, np.maximum), strict=True
            ):
                values = np.array(parts[new])
                held.frombytes(peak(values[::2], values[1::2]).tobytes())
            level += 1


class Means:
    """The running mean of a growing array, over a twentieth of it, but `LONGEST_WINDOW` at most."""

    def __init__(self, values: array[float]) -> None:
        self._values = values
        self._window = 1
        self._peaks = Peaks(array("d"))

    @property
    def window(self) -> int:
        """How many values a mean is of; of one, it is the value itself."""
        return max(1, min(len(self._values) // 20, LONGEST_WINDOW))

    def peaks(self) -> Peaks:
        """The means of all values there are now; those of a long array are only added to."""
        import numpy as np

        length, window = len(self._values), self.window
        if window != self._window:
            self._window, self._peaks = window, Peaks(array("d"))
        known = len(self._peaks.values)
        if known < length:
            before = max(known - window + 1, 0)
            means = smoothed(np.array(self._values[before:]), window)[known - before :]
            self._peaks.values.frombytes(means.tobytes())
        return self._peaks

    def cut(self, length: int) -> None:
        """Forget the means behind the first `length`."""
        self._peaks.cut(length)


class Series:
    """Points that arrive one by one: columns that only ever grow, and in the last one a value."""

    def __init__(self, columns: int) -> None:
        self._held = [array("d") for _ in range(columns)]
        self._values, self.means = Peaks(self._held[-1]), Means(self._held[-1])

    @classmethod
    def of(cls, columns: Sequence[array[float]]) -> Series:
        """A series that is there already, without copies of its columns."""
        made = cls(1)
        made._held = list(columns)
        made._values, made.means = Peaks(made._held[-1]), Means(made._held[-1])
        return made

    @property
    def length(self) -> int:
        """How many points there are."""
        return len(self._held[0])

    def append(self, *values: float) -> None:
        """Add a point."""
        for held, value in zip(self._held, values, strict=True):
            held.append(value)

    def cut(self, step: float) -> None:
        """Forget the points behind `step`, which is the first column."""
        kept = bisect_right(self._held[0], step)
        for held in self._held[:-1]:
            del held[kept:]
        self._values.cut(kept)
        self.means.cut(kept)

    def clear(self) -> None:
        """Forget all points."""
        self.cut(float("-inf"))

    def column(self, number: int) -> NDArray[np.float64]:
        """A column of all points, as they are now."""
        import numpy as np

        return np.array(self._held[number])

    def ends(self, column: int) -> tuple[float, float]:
        """The first and the last value of a column."""
        return self._held[column][0], self._held[column][-1]

    def last(self, smooth: bool) -> float:
        """The last value, or the last mean."""
        return (self.means.peaks().values if smooth else self._held[-1])[-1]

    def place(self, step: float, column: int) -> float | None:
        """What a column holds of the point at `step`, if there is such a point."""
        found = bisect_left(self._held[0], step)
        known = found < self.length and self._held[0][found] == step
        return self._held[column][found] if known else None

    def drawn(
        self, column: int, low: float, high: float, most: int, *, smooth: bool = False
    ) -> Drawn:
        """x and y of a line between `low` and `high` of a column, in about `most` points, and one
        point beyond either end, where the line goes on; with `smooth`, of the running mean."""
        import numpy as np

        held = self._held[column]
        first = max(bisect_left(held, low) - 1, 0)
        last = min(bisect_right(held, high) + 1, len(held))
        peaks = self.means.peaks() if smooth else self._values
        positions, values = peaks.points(first, last, most)
        # without a copy of the column, which can't grow as long as an array looks at it
        return np.frombuffer(held)[positions] if len(positions) else np.array([]), values


def smoothed(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean of the last `window` values at every point (of fewer at the start)."""
    import numpy as np

    if window <= 1 or len(values) < 2:
        return values
    window = min(window, len(values))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    means: NDArray[np.float64] = (sums[ends] - sums[starts]) / (ends - starts)
    return means
