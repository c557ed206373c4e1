"""A split at hand: in memory of the device if it fits, else read in whole batches from its file."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.catalog.datasets.rows import HELD_BYTES
from workbench.core.data import DatasetInfo, Samples
from workbench.engine.ahead import in_batches
from workbench.engine.machine import available_memory

SHARE = 0.5
"""Share of the memory that is free which samples from a file may take."""
READY_SHARE = 0.125
"""Share of the memory that is free which samples may take as the network gets them, in floats."""
READY_BYTES = 512 << 20
"""What they may take at the most: a batch of larger ones is prepared in a fraction of its step."""


def fits(splits: Mapping[Any, Samples], device: torch.device) -> bool:
    """Whether all splits together may be held on the device."""
    needed = sum(samples.inputs.nbytes for samples in splits.values())
    most = SHARE * available_memory(device)
    return bool(needed <= (min(most, HELD_BYTES) if device.type == "cpu" else most))


def fits_ready(info: DatasetInfo, device: torch.device) -> bool:
    """Whether all splits together may be held as the network gets them."""
    needed = 4 * math.prod(info.shape) * sum(info.sizes.values())
    return needed <= min(READY_BYTES, READY_SHARE * available_memory(device))


class Split:
    """Inputs and targets of a split; `taken` gives the same tensors wherever they lie."""

    def __init__(self, samples: Samples, device: torch.device, held: bool) -> None:
        self._device, self._shape = device, samples.inputs.shape[1:]
        self.targets = torch.from_numpy(samples.targets).to(device)
        in_memory = held or isinstance(samples.inputs, np.ndarray)
        self._home = device if held else torch.device("cpu")
        # Flat rows are gathered several times as fast as images are.
        self._rows = _flat(np.asarray(samples.inputs)).to(self._home) if in_memory else None
        self._file = samples.inputs

    def __len__(self) -> int:
        return len(self.targets)

    def taken(self, chosen: Tensor | slice) -> tuple[Tensor, Tensor]:
        """The raw inputs and targets of the chosen samples, on the device."""
        inputs = self._in_file(chosen) if self._rows is None else self._in_memory(chosen)
        return inputs.view(-1, *self._shape), _rows(self.targets, chosen)

    def batches(self, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The raw samples of `order` in batches of `size`."""
        order = order.to(self._home)
        return in_batches(self.taken, order, size, self._file.nbytes // len(self))

    def _in_memory(self, chosen: Tensor | slice) -> Tensor:
        assert self._rows is not None
        chosen = chosen if isinstance(chosen, slice) else chosen.to(self._home)
        return _rows(self._rows, chosen).to(self._device)

    def _in_file(self, chosen: Tensor | slice) -> Tensor:
        rows = chosen if isinstance(chosen, slice) else chosen.cpu().numpy()
        return torch.from_numpy(self._file[rows]).to(self._device)


class Ready:
    """A split as the network gets it, prepared once, `each` samples at a time: its batches are
    copies of rows, to the bit what `prepare` makes of the batch."""

    def __init__(self, split: Split, prepare: Callable[[Tensor], Tensor], each: int) -> None:
        self.targets = split.targets
        sample = prepare(split.taken(slice(0, 1))[0])
        self._shape, self._strides = sample.shape[1:], sample.stride()[1:]
        width = sample[0].numel()
        self._values = torch.empty(len(split), width, device=sample.device)
        for start in range(0, len(split), each):
            made = prepare(split.taken(slice(start, start + each))[0])
            # In the order in which they lie in memory, which the layout decides.
            self._values[start : start + each] = made.as_strided((len(made), width), (width, 1))

    def taken(self, chosen: Tensor | slice) -> tuple[Tensor, Tensor]:
        """The prepared inputs and the targets of the chosen samples, on the device."""
        values = _rows(self._values, chosen)
        shape, strides = (len(values), *self._shape), (values.shape[1], *self._strides)
        return values.as_strided(shape, strides), _rows(self.targets, chosen)

    def batches(self, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The samples of `order`, prepared, in batches of `size`."""
        return in_batches(self.taken, order, size, 4 * self._values.shape[1])


def _rows(held: Tensor, chosen: Tensor | slice) -> Tensor:
    """A copy of rows: what a network does in place must not reach the samples."""
    if isinstance(chosen, slice):
        return held[chosen].clone()
    if held.device.type != "cpu":
        return held[chosen]
    made = torch.empty(len(chosen), *held.shape[1:], dtype=held.dtype)
    # As `index_select`, in the calling thread alone; so told, numpy writes without a copy between.
    np.take(held.numpy(), chosen.numpy(), axis=0, out=made.numpy(), mode="clip")
    return made


def _flat(array: "np.ndarray") -> Tensor:
    return torch.from_numpy(array.reshape(len(array), int(np.prod(array.shape[1:]))))
