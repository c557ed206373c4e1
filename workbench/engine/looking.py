"""What the data panel looks at: samples of a split and class, samples prepared, columns."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.catalog.datasets.array_files import arrays_in
from workbench.catalog.datasets.table import Table
from workbench.catalog.datasets.text_table import chunks
from workbench.core.data import DatasetInfo, DatasetSpec, Split
from workbench.core.errors import UserError
from workbench.core.events import Event, Progress
from workbench.core.file_source import readable
from workbench.core.shown import (
    ArraysTold,
    ColumnsSummed,
    ColumnSummary,
    SamplesFound,
    SamplesPrepared,
    TableHead,
)
from workbench.engine.batches import loaded
from workbench.engine.preparation import Preparation
from workbench.engine.sources import recognize

BINS = 24
MOST_COLUMNS = 200


def samples(
    data: DatasetSpec, split: Split, label: int | None, first: int, count: int
) -> Generator[Event]:
    """`count` samples of a split from the `first` on, of one class or, at None, of all in turn.

    Raises:
        UserError: the files are missing or damaged.
    """
    info = data.source_info()
    yield Progress(text=f"Loading {info.title}")
    held = loaded(data)[split]
    rows = in_turn(held.targets, info) if label is None else np.flatnonzero(held.targets == label)
    shown = rows[first : first + count]
    yield SamplesFound(
        split=split,
        total=len(rows),
        rows=shown,
        inputs=held.inputs[shown],
        targets=held.targets[shown],
    )


def in_turn(targets: NDArray[Any], info: DatasetInfo) -> NDArray[np.intp]:
    """All rows, taken in turn from every class; as they stand where there are no classes."""
    if info.task != "classification":
        return np.arange(len(targets))
    order = np.argsort(targets, kind="stable")
    starts = np.searchsorted(targets[order], np.arange(len(info.classes)))
    turn = np.arange(len(targets)) - starts[targets[order].clip(0, len(info.classes) - 1)]
    rows: NDArray[np.intp] = order[np.lexsort((targets[order], turn))]
    return rows


def prepared(data: DatasetSpec, rows: tuple[int, ...], draws: int, seed: int) -> Generator[Event]:
    """Training images before and behind the transforms, drawn several times as training would.

    Raises:
        UserError: the files are missing or damaged, or a transform can't work on them.
    """
    held = loaded(data)["train"]
    chosen = [row for row in rows if row < len(held.targets)]
    if not chosen:
        raise UserError("No sample is chosen to be prepared. Choose another class or split.")
    before = np.ascontiguousarray(held.inputs[chosen])
    inputs, targets = torch.from_numpy(before), torch.from_numpy(held.targets[chosen])
    preparation = Preparation(data, None, torch.device("cpu"))
    drawn = (torch.Generator().manual_seed(seed + n) for n in range(draws))
    after = [visible(preparation.trained(inputs, targets, generator)[0]) for generator in drawn]
    yield SamplesPrepared(before=before, after=np.stack(after))


def visible(images: Tensor) -> NDArray[np.uint8]:
    """Images (n, c, h, w) as bytes; what goes beyond 0...1, as behind Normalize, is squeezed."""
    low, high = min(0.0, float(images.min())), max(1.0, float(images.max()))
    scaled = (images - low) / (high - low) * 255
    found: NDArray[np.uint8] = scaled.round().to(torch.uint8).numpy()
    return found


def columns(data: DatasetSpec) -> Generator[Event]:
    """The target and the columns of a table in the training split, `MOST_COLUMNS` at the most.

    Raises:
        UserError: the files are missing or damaged.
    """
    info = data.source_info()
    if len(info.shape) != 1:
        raise UserError("{title} is no table: it has no columns.", title=info.title)
    yield Progress(text=f"Loading {info.title}")
    inputs, targets = loaded(data)["train"][:2]
    found = [_target(targets, info)]
    for column in range(min(inputs.shape[1], MOST_COLUMNS)):
        name = info.features[column] if column < len(info.features) else str(column + 1)
        found.append(summary(name, inputs[:, column]))
    yield ColumnsSummed(columns=tuple(found))


def _target(targets: NDArray[Any], info: DatasetInfo) -> ColumnSummary:
    if info.task != "classification":
        return summary(info.target, targets)
    counts = np.bincount(targets, minlength=len(info.classes))
    return ColumnSummary(name=info.target, counts=counts.tolist(), labels=info.classes)


def summary(name: str, values: NDArray[Any]) -> ColumnSummary:
    """A column of numbers: its histogram, mean and (population) standard deviation."""
    finite = values[np.isfinite(values)].astype(np.float64)
    missing = len(values) - len(finite)
    if not len(finite):
        return ColumnSummary(name=name, counts=(), missing=missing)
    counts, _ = np.histogram(finite, BINS)
    return ColumnSummary(
        name=name,
        counts=counts.tolist(),
        low=float(finite.min()),
        high=float(finite.max()),
        mean=float(finite.mean()),
        std=float(finite.std()),
        missing=missing,
    )


def head(data: DatasetSpec, rows: int) -> Generator[Event]:
    """The first rows of a table's file.

    Raises:
        UserError: it can't be read.
    """
    path = Path(getattr(data, "path", ""))
    with readable(path):
        yield TableHead(columns=_first_rows(path, data, rows))


def _first_rows(path: Path, data: DatasetSpec, rows: int) -> tuple[tuple[str, ...], ...]:
    dialect = data.facts.dialect if isinstance(data, Table) else None
    if dialect is None or not isinstance(data, Table):  # other files are no text to be shown
        return ()
    first = next(iter(chunks(path, dialect, len(data.facts.columns))), None)
    return tuple(tuple(column[:rows]) for column in first.columns) if first else ()


def arrays(path: str) -> Generator[Event]:
    """What arrays a file holds, where it does not say itself which are inputs and targets.

    Raises:
        UserError: it is damaged, or holds no arrays.
    """
    with readable(Path(path)):
        held = [(each.name, each.shape, each.dtype) for each in arrays_in(Path(path))]
    yield ArraysTold(arrays=tuple(held))


def arrays_as(path: str, inputs: str, targets: str) -> Generator[Event]:
    """`recognize`, with the arrays for inputs and targets named.

    Raises:
        UserError: they do not go together.
    """
    yield from recognize(path, inputs=inputs, targets=targets)
