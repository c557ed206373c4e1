"""Samples in batches: ordered or shuffled, and prepared as whole batches on the training device."""

import math
from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from workbench.core.data import DatasetSpec, Samples, Split
from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.engine import held
from workbench.engine.balance import class_weights, drawn_evenly
from workbench.engine.preparation import Normalization, Preparation, drawing, measured_behind


class Batch(NamedTuple):
    """Prepared inputs (n, *shape) float32, and targets (n,) or class probabilities (n, classes)."""

    inputs: Tensor
    targets: Tensor


BLOCK_BYTES = 1 << 20  # what stays in a core's cache until it is used
ALIGNED = 64  # bytes: matrix products of what begins elsewhere may differ in their last bits

_last: list[tuple[DatasetSpec, Mapping[Split, Samples]]] = []
"""The samples that were loaded last, since the next job asks for them again."""


def loading(data: DatasetSpec) -> Generator[Event, None, Mapping[Split, Samples]]:
    """The samples of a dataset, with Progress on the way where it takes long.

    Raises:
        UserError: the files are missing or damaged, or a split is empty that training needs.
    """
    source = data.replace(prepare=(), balance="none", normalize=True)  # as they are in the files
    if _last and _last[0][0] == source:
        return _last[0][1]
    forget()
    splits: Mapping[Split, Samples] = yield from source.loading()
    if not len(splits["train"].targets):
        raise UserError("{name} leaves no samples to train on.", name=data.info().title)
    _last[:] = [(source, splits)]
    return splits


def loaded(data: DatasetSpec) -> Mapping[Split, Samples]:
    """`loading`, without a word on the way.

    Raises:
        UserError: see `loading`.
    """
    steps = loading(data)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            splits: Mapping[Split, Samples] = end.value
            return splits


_measured: dict[DatasetSpec, Normalization] = {}
"""Measuring reads all training samples: it is done once for each way to prepare them."""


def normalization(data: DatasetSpec) -> Normalization:
    """Mean and deviation of the training split behind the transforms.

    Raises:
        UserError: see `loading`.
    """
    prepared = data.replace(balance="none", normalize=True)
    train = loaded(data)["train"]
    if prepared not in _measured:
        _measured[prepared] = measured_behind(data, train)
    return _measured[prepared]


def forget() -> None:
    """Let the samples go, so that their files are read again."""
    _last.clear()
    _measured.clear()


def _cut(batch: Batch, size: int) -> Iterator[Batch]:
    """The parts of a batch, without a copy."""
    if len(batch.targets) <= size:
        yield batch
        return
    for start in range(0, len(batch.targets), size):
        part = slice(start, start + size)
        yield Batch(batch.inputs[part], batch.targets[part])


class Batches:
    """All splits of a dataset on `device`, sliced and prepared as whole batches."""

    def __init__(self, data: DatasetSpec, device: torch.device, channels_last: bool) -> None:
        splits = loaded(data)
        self.info, self._data = data.info(), data
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self.normalization = normalization(data)
        """Mean and deviation of the training split behind the transforms."""
        self._preparation = Preparation(data, self.normalization, device)
        in_memory = held.fits(splits, device)
        self._splits = {
            name: held.Split(samples, device, in_memory) for name, samples in splits.items()
        }

    def class_weights(self) -> Tensor | None:
        """What a sample of each class counts in the loss, if the data says so."""
        if self._data.balance != "weights":
            return None
        return class_weights(self._splits["train"].targets, len(self.info.classes))

    def size(self, split: Split) -> int:
        """How many samples a split has."""
        return len(self._splits[split])

    def taken(self, split: Split, chosen: Tensor | slice) -> Batch:
        """The chosen samples, prepared as for evaluation."""
        inputs, targets = self._splits[split].taken(chosen)
        return Batch(self.prepared(inputs), targets)

    def prepared(self, inputs: Tensor) -> Tensor:
        """Raw inputs as the network gets them: float32, images in 0...1, normalized."""
        # Laid out as bytes already, which is four times less to move; transforms may undo it.
        return self._laid(self._preparation.evaluated(self._laid(inputs)))

    def restored(self, inputs: Tensor) -> Tensor:
        """Prepared inputs before their normalization, for people to look at."""
        return self._preparation.restored(inputs)

    def _laid(self, inputs: Tensor) -> Tensor:
        return inputs.contiguous(memory_format=self._format) if inputs.ndim == 4 else inputs

    def shuffled(self, batch_size: int, seed: int, epoch: int, done: int = 0) -> Iterator[Batch]:
        """The training split behind its first `done` batches. Seed and epoch decide the order,
        and with the position of a batch all that is random in it, so that it can be resumed."""
        order = self._order(seed, epoch).to(self._splits["train"].targets.device)
        drawn, at_once = self._preparation.is_random, self._at_once(batch_size)
        for start in range(done * batch_size, len(order), at_once):
            chosen = order[start : start + at_once]
            if drawn:
                yield self._drawn(chosen, drawing(seed, epoch, start // batch_size))
            else:
                yield from _cut(self.taken("train", chosen), batch_size)

    def _at_once(self, batch_size: int) -> int:
        """How many samples are gathered together: batches of a table are so small that each by
        itself costs as much as a step of a linear model."""
        size = 4 * batch_size * math.prod(self.info.shape)  # bytes
        if self._preparation.steps or size % ALIGNED:
            return batch_size
        return batch_size * max(1, BLOCK_BYTES // size)

    def _drawn(self, chosen: Tensor, generator: torch.Generator) -> Batch:
        raw = self._splits["train"].taken(chosen)
        inputs, targets = self._preparation.trained(*raw, generator)
        return Batch(self._laid(inputs), targets)

    def _order(self, seed: int, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        if self._data.balance == "sampling":
            return drawn_evenly(self._splits["train"].targets.cpu(), generator)
        return torch.randperm(self.size("train"), generator=generator)

    def in_order(self, split: Split, batch_size: int) -> Iterator[Batch]:
        """A split from first to last."""
        for start in range(0, self.size(split), batch_size):
            yield self.taken(split, slice(start, start + batch_size))
