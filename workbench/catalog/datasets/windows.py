"""A table whose rows follow each other in time: windows of rows as samples, parted in order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog.datasets.encoding import encoded
from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import Samples, Split
from workbench.core.raw import Feature

if TYPE_CHECKING:
    from numpy.typing import NDArray


def window_count(rows: int, window: int, horizon: int, stride: int) -> int:
    """How many windows of so many rows begin every `stride` rows and have a target `horizon` rows
    behind their last one."""
    return max(0, (rows - window - horizon) // stride + 1)


def windowed(
    values: "NDArray[Any]", targets: "NDArray[Any]", window: int, horizon: int, stride: int
) -> Samples:
    """Rows (n, features) as samples (windows, window, features) with a target each."""
    import numpy as np

    count = window_count(len(values), window, horizon, stride)
    starts = np.arange(count) * stride
    inputs = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)[starts]
    ends = starts + window - 1 + horizon
    return Samples(np.ascontiguousarray(inputs.swapaxes(1, 2)), targets[ends])


class Borders(NamedTuple):
    """Where the parts of samples in order begin: validation is from `val` to `behind`, training
    before `val` and from `again` to `test`."""

    val: int
    behind: int
    again: int
    test: int

    @property
    def train(self) -> int:
        """How many samples are for training."""
        return self.val + self.test - self.again


def in_order(spec: WithTestShare, samples: Samples, gap: int) -> dict[Split, Samples]:
    """The last samples for the test and those before for validation, of sizes as `borders` says:
    windows of a random split would overlap, and be known from training. A fold is a block."""
    val, behind, again, test = borders(spec, len(samples.targets), gap)
    return {
        "train": _joined(_part(samples, 0, val), _part(samples, again, test)),
        "val": _part(samples, val, behind),
        "test": _part(samples, test, None),
    }


def borders(spec: WithTestShare, total: int, gap: int) -> Borders:
    """How `spec` parts `total` samples in order. Behind a validation block `gap` samples are left
    out: they begin before its last target, and training would be told what it is asked."""
    sizes = spec.sizes({"train": total})
    test = sizes["train"] + sizes["val"]
    start = sizes["train"]
    if spec.folds > 1:
        each, more = divmod(test, spec.folds)
        start = (spec.fold - 1) * each + min(spec.fold - 1, more)
    behind = start + sizes["val"]
    return Borders(start, behind, min(behind + gap, test), test)


def filled_in_order(raw: "NDArray[Any]") -> "NDArray[Any]":
    """Values (n, ...) with the last known one, or at the start the first, where one is missing."""
    import numpy as np

    lacking = np.isnan(raw)
    rows = np.arange(len(raw)).reshape(-1, *(1,) * (raw.ndim - 1))
    known = np.maximum.accumulate(np.where(lacking, -1, rows), axis=0)
    first = np.argmin(lacking, axis=0)
    source = np.where(known < 0, first, known)
    return np.take_along_axis(raw, source, axis=0)


def encoded_in_order(raw: "NDArray[Any]", features: Sequence[Feature]) -> "NDArray[Any]":
    """As `encoding.encoded`, where what is missing is as it was before."""
    import numpy as np

    made = encoded(filled_in_order(raw), features, np.zeros(raw.shape[1], dtype=np.float32))
    for number, feature in enumerate(features):
        if feature.lacks:
            made[:, number] = np.isnan(raw[:, feature.place])
    return made


def _part(samples: Samples, start: int, end: int | None) -> Samples:
    return Samples(samples.inputs[start:end], samples.targets[start:end])


def _joined(first: Samples, second: Samples) -> Samples:
    import numpy as np

    if not len(second.targets):
        return first
    return Samples(*(np.concatenate(parts) for parts in zip(first, second, strict=True)))
