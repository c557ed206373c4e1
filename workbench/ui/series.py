"""Points that arrive one by one, and their running mean."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where it is used: numpy takes a tenth of a second of the start
    import numpy as np
    from numpy.typing import NDArray


class Series:
    """Points that arrive one by one; their first column only ever grows."""

    def __init__(self, columns: int) -> None:
        self._held = [array("d") for _ in range(columns)]

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
        for held in self._held:
            del held[kept:]

    def clear(self) -> None:
        """Forget all points."""
        for held in self._held:
            del held[:]

    def column(self, number: int) -> NDArray[np.float64]:
        """A column of all points, as they are now."""
        import numpy as np

        return np.array(self._held[number])


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
