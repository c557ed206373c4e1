"""What the data panel shows: sizes, class counts, normalization and some samples."""

import math
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.data import EVALUATED, DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.events import DataDescribed, Event, Progress, SamplesLoaded
from workbench.engine.batches import forget, loading, normalization
from workbench.engine.preparation import in_pieces

SHOWN = 60
SHOWN_BYTES = 64 << 20
"""What the samples of a split may take that are shown beside their predictions."""


def reload(data: DatasetSpec) -> Generator[Event]:
    """`describe`, from the files as they are now.

    Raises:
        UserError: see `describe`.
    """
    forget()
    yield from describe(data)


def describe(data: DatasetSpec, wanted: tuple[Split, ...] = EVALUATED) -> Generator[Event]:
    """Load a dataset and tell what it holds, then the samples that predictions are made for, of
    the `wanted` splits: whoever asks may have them already, and they are large.

    Raises:
        UserError: its files are missing or damaged.
    """
    info = data.info()
    yield Progress(text=f"Loading {info.title}")
    splits = yield from loading(data)
    mean, std = normalization(data)
    shown = _spread(splits["train"], info)
    yield DataDescribed(
        sizes={name: len(samples.targets) for name, samples in splits.items()},
        class_counts=_class_counts(splits, info),
        mean=tuple(mean.tolist()),
        std=tuple(std.tolist()),
        sample_inputs=splits["train"].inputs[shown],
        sample_targets=splits["train"].targets[shown],
    )
    for split in wanted:  # what the predictions panel shows beside each prediction
        held = splits[split]
        yield SamplesLoaded(split=split, inputs=_to_show(held.inputs, info), targets=held.targets)


def _to_show(inputs: Any, info: DatasetInfo) -> NDArray[Any]:
    """What is shown of all samples beside their classes, since it crosses a pipe and stays in the
    window's memory: large images with pixels left out, as many columns of a table as there is room
    for, and of series nothing. Predicted numbers are shown without samples."""
    if info.task != "classification" or (inputs.ndim != 2 and not info.is_image):
        return np.empty((len(inputs), 0), np.float32)
    if not info.is_image:
        each = inputs.itemsize * max(1, len(inputs))
        return np.asarray(inputs[:, : min(len(info.features), SHOWN_BYTES // each)])
    if inputs.nbytes <= SHOWN_BYTES:
        return np.asarray(inputs)
    step = math.ceil(math.sqrt(inputs.nbytes / SHOWN_BYTES))
    return np.concatenate([piece[..., ::step, ::step] for _, piece in in_pieces(inputs)])


def _class_counts(
    splits: Mapping[Split, Samples], info: DatasetInfo
) -> dict[Split, tuple[int, ...]]:
    if info.task != "classification":
        return {}
    return {
        name: tuple(np.bincount(samples.targets, minlength=len(info.classes)).tolist())
        for name, samples in splits.items()
    }


def _spread(samples: Samples, info: DatasetInfo) -> "np.ndarray":
    """The first samples, taken in turn from every class, so that each class is seen."""
    if info.task != "classification":
        return np.arange(min(SHOWN, len(samples.targets)))
    each = [np.flatnonzero(samples.targets == label) for label in range(len(info.classes))]
    rounds = range(min(SHOWN, max(map(len, each))))
    turns = [found[turn] for turn in rounds for found in each if turn < len(found)]
    return np.array(turns[:SHOWN])


def download(data: DatasetSpec) -> Generator[Event]:
    """Fetch the files of a dataset, then describe it.

    Raises:
        UserError: no network, or no room.
    """
    yield Progress(text=f"Downloading {data.info().title}")
    yield from data.download()
    yield from describe(data)
