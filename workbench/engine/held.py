"""A split at hand: in memory of the device if it fits, else read in whole batches from its file."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.core.data import Samples
from workbench.engine.machine import available_memory

SHARE = 0.5
"""Share of the memory that is free which samples from a file may take."""
HELD_BYTES = 256 << 20
"""What they may take in the machine's own memory. Beyond, the system keeps of the file what there
is room for, and gives it up where others need it: as fast, and no second copy."""


def fits(splits: Mapping[Any, Samples], device: torch.device) -> bool:
    """Whether all splits together may be held on the device."""
    needed = sum(samples.inputs.nbytes for samples in splits.values())
    most = SHARE * available_memory(device)
    return bool(needed <= (min(most, HELD_BYTES) if device.type == "cpu" else most))


class Split:
    """Inputs and targets of a split; `taken` gives the same tensors wherever they lie."""

    def __init__(self, samples: Samples, device: torch.device, held: bool) -> None:
        self._device, self._shape = device, samples.inputs.shape[1:]
        self.targets = torch.from_numpy(samples.targets).to(device)
        in_memory = held or isinstance(samples.inputs, np.ndarray)
        # Flat rows are gathered several times as fast as images are.
        self._rows = _flat(np.asarray(samples.inputs)).to(device) if in_memory else None
        self._file = samples.inputs

    def __len__(self) -> int:
        return len(self.targets)

    def taken(self, chosen: Tensor | slice) -> tuple[Tensor, Tensor]:
        """The raw inputs and targets of the chosen samples, on the device."""
        inputs = self._in_file(chosen) if self._rows is None else self._in_memory(chosen)
        return inputs.view(-1, *self._shape), self.targets[chosen]

    def _in_memory(self, chosen: Tensor | slice) -> Tensor:
        assert self._rows is not None
        if isinstance(chosen, slice):
            return self._rows[chosen]
        return self._rows.index_select(0, chosen)

    def _in_file(self, chosen: Tensor | slice) -> Tensor:
        rows = chosen if isinstance(chosen, slice) else chosen.cpu().numpy()
        return torch.from_numpy(self._file[rows]).to(self._device)


def _flat(array: "np.ndarray") -> Tensor:
    return torch.from_numpy(array.reshape(len(array), int(np.prod(array.shape[1:]))))
