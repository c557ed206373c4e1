"""Samples as contiguous tensors on the training device, prepared as whole batches."""

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.errors import UserError


class Batch(NamedTuple):
    """Prepared inputs (n, *shape) float32 and targets (n,)."""

    inputs: Tensor
    targets: Tensor


@functools.lru_cache(maxsize=1)
def loaded(data: DatasetSpec) -> Mapping[Split, Samples]:
    """The samples of a dataset; the last one is kept, since the next job asks for it again.

    Raises:
        UserError: the files are missing or damaged, or a split is empty that training needs.
    """
    splits = data.load()
    if not len(splits["train"].targets):
        raise UserError("{name} leaves no samples to train on.", name=data.info().title)
    return splits


class Normalization(NamedTuple):
    """Mean and standard deviation of the training split, one per channel or column.

    Images are measured after division by their full scale, so in 0...1.
    """

    mean: Tensor
    std: Tensor


def measured(train: Samples, info: DatasetInfo) -> Normalization:
    """Mean and (population) standard deviation per channel or column, in double precision."""
    if info.is_image:
        mean, std = _image_moments(train.inputs, info.full_scale)
    else:
        values = torch.from_numpy(train.inputs).double()
        mean, std = values.mean(0), values.std(0, correction=0)
    std[std == 0] = 1.0  # a constant column carries nothing, and must not become NaN
    return Normalization(mean.float(), std.float())


def _image_moments(images: "np.ndarray", full_scale: float) -> tuple[Tensor, Tensor]:
    """By counting the 256 values of each channel: exact, and without a float copy of the images."""
    values = torch.arange(256, dtype=torch.float64) / full_scale
    shares = [
        torch.from_numpy(np.bincount(images[:, channel].ravel(), minlength=256)).double()
        for channel in range(images.shape[1])
    ]
    counts = torch.stack(shares) / shares[0].sum()
    mean = counts @ values
    return mean, (counts @ values.square() - mean.square()).clamp(min=0).sqrt()


class Batches:
    """All splits of a dataset as tensors on `device`, sliced and prepared as whole batches."""

    def __init__(self, data: DatasetSpec, device: torch.device, channels_last: bool) -> None:
        splits = loaded(data)
        self.info = data.info()
        self.normalization = measured(splits["train"], self.info)
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._splits = {
            name: Batch(*(torch.from_numpy(part).to(device) for part in samples))
            for name, samples in splits.items()
        }
        mean, std = self._affine(data.normalize)
        self._mean, self._std = mean.to(device), std.to(device)

    def _affine(self, normalize: bool) -> tuple[Tensor, Tensor]:
        mean, std = self.normalization
        if not normalize:
            mean, std = torch.zeros_like(mean), torch.ones_like(std)
        shape = (-1, 1, 1) if self.info.is_image else (-1,)
        return mean.view(shape), std.view(shape)

    def size(self, split: Split) -> int:
        """How many samples a split has."""
        return len(self._splits[split].targets)

    def taken(self, split: Split, chosen: Tensor | slice) -> Batch:
        """The chosen samples, prepared."""
        held = self._splits[split]
        return Batch(self.prepared(held.inputs[chosen]), held.targets[chosen])

    def prepared(self, inputs: Tensor) -> Tensor:
        """Raw inputs as the network gets them: float32, images in 0...1, normalized."""
        values = inputs.float()
        if self.info.is_image:
            values = values / self.info.full_scale
            return ((values - self._mean) / self._std).contiguous(memory_format=self._format)
        return (values - self._mean) / self._std

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
        """The training split in an order that seed and epoch decide, so that it can be resumed."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(self.size("train"), generator=generator)
        order = order.to(self._splits["train"].targets.device)
        for chosen in torch.split(order, batch_size):
            yield self.taken("train", chosen)

    def in_order(self, split: Split, batch_size: int) -> Iterator[Batch]:
        """A split from first to last."""
        for start in range(0, self.size(split), batch_size):
            yield self.taken(split, slice(start, start + batch_size))
