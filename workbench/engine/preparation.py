"""From raw samples to what the network gets: float32, transformed, normalized."""

import functools
import hashlib
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from workbench.core.data import DatasetInfo, DatasetSpec, Samples
from workbench.core.layer import Shape
from workbench.core.transform import TransformSpec

PIECE = 4_000_000
"""Values that are worked on in one go, so that what is made on the way stays small."""
MEASURED = 4096
"""Samples that are transformed to measure what lies behind transforms."""


class Normalization(NamedTuple):
    """Mean and standard deviation of the training split, one per channel or column.

    Images are measured after division by their full scale, so in 0...1.
    """

    mean: Tensor
    std: Tensor


def measured(train: Samples, info: DatasetInfo) -> Normalization:
    """Mean and (population) standard deviation per channel, column or feature of a sequence, in
    double precision."""
    if info.is_image and train.inputs.dtype == np.uint8:
        return _usable(*_image_moments(train.inputs, info.full_scale))
    kept = 1 if info.is_image else train.inputs.ndim - 1
    scale = info.full_scale if info.is_image else 1.0
    return _usable(*(part / scale for part in _moments(train.inputs, kept)))


def _usable(mean: Tensor, std: Tensor) -> Normalization:
    std[std == 0] = 1.0  # a constant column carries nothing, and must not become NaN
    return Normalization(mean.float(), std.float())


def _moments(inputs: Any, kept: int) -> tuple[Tensor, Tensor]:
    """Piece by piece in two passes: the mean, then the squares of what is off it."""
    over = tuple(axis for axis in range(inputs.ndim) if axis != kept)
    total = math.prod(inputs.shape[axis] for axis in over)
    mean = sum(piece.sum(over, keepdim=True) for piece in _in_double(inputs)) / total
    squares = sum(piece.sub_(mean).square_().sum(over) for piece in _in_double(inputs))
    return mean.flatten(), (squares / total).sqrt()


def _in_double(inputs: Any) -> Iterator[Tensor]:
    """All samples, some at a time, each time in memory of their own."""
    for _, piece in in_pieces(inputs):
        yield torch.from_numpy(piece).to(torch.float64, copy=True)


def _image_moments(images: Any, full_scale: float) -> tuple[Tensor, Tensor]:
    """By counting the 256 values of each channel: exact, and without a float copy of the images."""
    values = torch.arange(256, dtype=torch.float64) / full_scale
    totals = torch.zeros(images.shape[1], 256, dtype=torch.float64)
    for _, piece in in_pieces(images):
        for channel in range(len(totals)):
            counted = np.bincount(piece[:, channel].ravel(), minlength=256)
            totals[channel] += torch.from_numpy(counted)
    counts = totals / totals[0].sum()
    mean = counts @ values
    return mean, (counts @ values.square() - mean.square()).clamp(min=0).sqrt()


def measured_behind(data: DatasetSpec, train: Samples) -> Normalization:
    """`measured`, behind what the transforms of `data` do to all samples alike; where they do
    anything, on `MEASURED` samples, evenly spaced."""
    info = data.source_info()
    steady = [step for step in data.prepare if _changes_all(step)]
    if not steady:
        return measured(train, info)
    total = squares = torch.zeros(1, dtype=torch.float64)
    count = 0
    for raw in _evenly_spaced(train, at_once(*shapes_of(data))):
        values = functools.reduce(lambda made, step: step.apply(made), steady, scaled(raw, info))
        columns = values.transpose(0, 1).flatten(1).double()
        total, squares = total + columns.sum(1), squares + columns.square_().sum(1)
        count += columns.shape[1]
    mean = total / count
    return _usable(mean, (squares / count - mean.square()).clamp(min=0).sqrt())


def _evenly_spaced(train: Samples, each: int) -> Iterator[Tensor]:
    total = len(train.targets)
    chosen = np.linspace(0, total - 1, min(total, MEASURED)).round().astype(np.int64)
    for start in range(0, len(chosen), each):
        yield torch.from_numpy(train.inputs[chosen[start : start + each]])


def shapes_of(data: DatasetSpec) -> list[Shape]:
    """The shapes that a sample has on its way through the transforms."""
    steps = (step.out_shape for step in data.prepare)
    start = data.source_info().shape
    return list(itertools.accumulate(steps, lambda shape, step: step(shape), initial=start))


def at_once(*shapes: Shape) -> int:
    """How many samples are worked on in one go, where they have these shapes on the way."""
    return max(1, PIECE // max(1, *map(math.prod, shapes)))


def in_pieces(inputs: Any) -> Iterator[tuple[int, NDArray[Any]]]:
    """All samples, some at a time, each time with the place of the first: they may lie in a file
    that is larger than memory."""
    each = at_once(inputs.shape[1:])
    for start in range(0, len(inputs), each):
        yield start, inputs[start : start + each]


def scaled(inputs: Tensor, info: DatasetInfo) -> Tensor:
    """Raw inputs as float32, images in 0...1."""
    if not info.is_image:
        return inputs.float()
    if inputs.is_floating_point():  # fractions: these may be held, so they are left as they are
        return inputs / info.full_scale
    return inputs.float().div_(info.full_scale)  # twice as fast as dividing bytes


def drawing(seed: int, epoch: int, position: int) -> torch.Generator:
    """The generator of a batch: a function of these three alone, whatever was drawn before."""
    told = hashlib.blake2b(f"{seed}:{epoch}:{position}".encode(), digest_size=4)
    return torch.Generator().manual_seed(int.from_bytes(told.digest(), "little"))


class Preparation:
    """The steps of a dataset on a device, for whole batches; without a `normalization` that of
    `Normalize` alone."""

    def __init__(
        self, data: DatasetSpec, normalization: Normalization | None, device: torch.device
    ) -> None:
        self.source, self._mixes = data.source_info(), data.mixes
        self.steps = data.prepare
        self.is_random = any(step.train_only for step in self.steps)
        self._classes = len(self.source.classes)
        applies = data.normalize and not any(step.kind == "Normalize" for step in self.steps)
        shape = (-1, 1, 1) if self.source.is_image else (-1,)
        moments = [part.view(shape).to(device) for part in normalization or ()]
        self.moments = moments if applies and moments else None

    def evaluated(self, inputs: Tensor) -> Tensor:
        """A batch as evaluation gets it."""
        values = scaled(inputs, self.source)
        for step in self.steps:
            values = step.apply(values)
        return self._normalized(values)

    def _normalized(self, values: Tensor) -> Tensor:
        if self.moments is None:
            return values
        mean, std = self.moments
        if self.source.is_image:  # scaled before, so a tensor of its own; a table's may be held
            return values.sub_(mean).div_(std)
        return (values - mean).div_(std)

    def restored(self, values: Tensor) -> Tensor:
        """A prepared batch before its normalization, for people to look at."""
        if self.moments is None:
            return values
        mean, std = self.moments
        return values * std + mean

    def trained(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """A batch as training gets it, with what `generator` draws."""
        values = scaled(inputs, self.source)
        if self._mixes:
            targets = functional.one_hot(targets, self._classes).float()
        for step in self.steps:
            values, targets = step.draw_mixed(values, targets, generator)
        return self._normalized(values), targets


def _changes_all(step: TransformSpec) -> bool:
    """Whether it changes what evaluation gets, other than by a normalization of its own."""
    return type(step).apply is not TransformSpec.apply and step.kind != "Normalize"
