"""Samples in batches: ordered or shuffled, and prepared as whole batches on the training device."""

from collections.abc import Generator, Iterator, Mapping
from itertools import starmap
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from workbench.catalog.datasets.read_once import forget_read
from workbench.core.data import DatasetSpec, Samples, Split, ended
from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.file_source import FileSource, readable
from workbench.engine import held
from workbench.engine.balance import class_weights, drawn_evenly
from workbench.engine.preparation import (
    Normalization,
    Preparation,
    at_once,
    drawing,
    measured_behind,
    shapes_of,
)


class Batch(NamedTuple):
    """Prepared inputs (n, *shape) float32, and targets (n,) or class probabilities (n, classes)."""

    inputs: Tensor
    targets: Tensor


_last: list[tuple[DatasetSpec, Mapping[Split, Samples]]] = []
"""The samples that were loaded last, since the next job asks for them again."""


def loading(data: DatasetSpec) -> Generator[Event, None, Mapping[Split, Samples]]:
    """The samples of a dataset, with Progress on the way where it takes long.

    What is held already is not taken of files that are others by now: the next start of the program
    would refuse them, and `train.py` read what the run has never seen.

    Raises:
        UserError: the files are missing, damaged or changed, or a split is empty that training
            needs.
    """
    source = data.unprepared
    if _last and _last[0][0] == source:
        if isinstance(source, FileSource):
            with readable(Path(source.path)):
                source.check_unchanged()
        return _last[0][1]
    if _last and _files(_last[0][0]) == _files(source):
        _let_go()  # of another split: what was read of the files serves this one too
    else:
        forget()
    try:
        splits: Mapping[Split, Samples] = yield from source.loading()
    except MemoryError as error:  # where the system does not say before how much there is
        raise UserError(
            "There is too little memory to hold {name}. Close other programs, or choose less.",
            name=data.info().title,
        ) from error
    if not len(splits["train"].targets):
        raise UserError("{name} leaves no samples to train on.", name=data.info().title)
    _last[:] = [(source, splits)]
    return splits


def loaded(data: DatasetSpec) -> Mapping[Split, Samples]:
    """`loading`, without a word on the way; what is held is given as it is, also in the midst of a
    run whose files are gone.

    Raises:
        UserError: see `loading`.
    """
    if _last and _last[0][0] == data.unprepared:
        return _last[0][1]
    return ended(loading(data))


_measured: dict[DatasetSpec, Normalization] = {}
"""Measuring reads all training samples: it is done once for each way to prepare them."""
MOST_MEASURED = 64
"""Ways that are kept; a wide table has some hundred kilobytes of figures."""


def normalization(data: DatasetSpec) -> Normalization:
    """Mean and deviation of the training split behind the transforms.

    Raises:
        UserError: see `loading`.
    """
    prepared = data.replace(balance="none", normalize=True)
    train = loaded(data)["train"]
    if prepared not in _measured:
        while len(_measured) >= MOST_MEASURED:
            _measured.pop(next(iter(_measured)))
        _measured[prepared] = measured_behind(data, train)
    return _measured[prepared]


def forget() -> None:
    """Let the samples go, so that their files are read again."""
    _let_go()
    forget_read()


def _let_go() -> None:
    """Let the samples go, but not what was read of their files."""
    _last.clear()
    _measured.clear()


def _files(data: DatasetSpec) -> tuple[str, str]:
    return data.kind, getattr(data, "path", "")


class Batches:
    """All splits of a dataset on `device`, sliced and prepared as whole batches."""

    def __init__(self, data: DatasetSpec, device: torch.device, channels_last: bool) -> None:
        splits = loaded(data)
        self.info, self.device, self._data = data.info(), device, data
        self._ready: dict[Split, held.Ready] = {}
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self.normalization = normalization(data)
        """Mean and deviation of the training split behind the transforms."""
        self._preparation = Preparation(data, self.normalization, device)
        in_memory = held.fits(splits, device)
        self._splits = {
            name: held.Split(samples, device, in_memory) for name, samples in splits.items()
        }
        self._may_be_ready = in_memory and held.fits_ready(self.info, device)

    def lay(self, channels_last: bool) -> None:
        """Give images in this layout from now on."""
        wanted = torch.channels_last if channels_last else torch.contiguous_format
        if self._format != wanted:
            self._format = wanted
            self._ready.clear()

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
        return inputs.contiguous(
            memory_format=self._format if inputs.ndim == 4 else torch.contiguous_format
        )

    def shuffled(self, batch_size: int, seed: int, epoch: int, done: int = 0) -> Iterator[Batch]:
        """The training split behind its first `done` batches. Seed and epoch decide the order,
        and with the position of a batch all that is random in it, so that it can be resumed."""
        order = self._order(seed, epoch)
        order = order.to(self._splits["train"].targets.device)[done * batch_size :]
        if not len(order):  # resumed behind the last one; torch would make an empty batch of it
            return
        ready = None if self._preparation.is_random else self._readied("train")
        if ready:
            yield from starmap(Batch, ready.batches(order, batch_size))
            return
        raw = self._splits["train"].batches(order, batch_size)
        for position, (inputs, targets) in enumerate(raw, done):
            if self._preparation.is_random:
                yield self._drawn(inputs, targets, drawing(seed, epoch, position))
            else:
                yield Batch(self.prepared(inputs), targets)

    def _readied(self, split: Split) -> held.Ready | None:
        """A split that is gone through, prepared as a whole before where that fits."""
        if not self._may_be_ready or not self.size(split):
            return None
        if split not in self._ready:
            each = at_once(*shapes_of(self._data))
            self._ready[split] = held.Ready(self._splits[split], self.prepared, each)
        return self._ready[split]

    def _drawn(self, inputs: Tensor, targets: Tensor, generator: torch.Generator) -> Batch:
        inputs, targets = self._preparation.trained(inputs, targets, generator)
        return Batch(self._laid(inputs), targets)

    def _order(self, seed: int, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        if self._data.balance == "sampling":
            return drawn_evenly(self._splits["train"].targets.cpu(), generator)
        return torch.randperm(self.size("train"), generator=generator)

    def in_order(self, split: Split, batch_size: int) -> Iterator[Batch]:
        """A split from first to last."""
        ready = self._readied(split)
        for start in range(0, self.size(split), batch_size):
            chosen = slice(start, start + batch_size)
            yield Batch(*ready.taken(chosen)) if ready else self.taken(split, chosen)
