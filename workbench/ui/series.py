"""Points that arrive one by one, and their running mean."""

import numpy as np
from numpy.typing import NDArray


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
