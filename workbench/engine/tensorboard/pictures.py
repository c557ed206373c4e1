"""Pictures of samples: as training gets them, and as a person sees them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workbench.core.data import DatasetSpec, Split
from workbench.engine.batches import Batches, loaded
from workbench.engine.looking import visible
from workbench.engine.preparation import scaled

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

SHOWN = 32
SIDE = 48
"""Pixels of a small picture's side, at the most."""


def add_samples(writer: "SummaryWriter", batches: Batches, seed: int, step: int) -> None:
    """The first images of the first batch of training, behind all transforms."""
    size = min(SHOWN, batches.size("train"))
    images = next(batches.shuffled(size, seed, 1)).inputs
    restored = torch.from_numpy(visible(batches.restored(images).cpu()))
    writer.add_images("samples/train", _drawable(restored), step)


def small(data: DatasetSpec, split: Split, rows: Sequence[int]) -> Tensor:
    """Images of a split before any transform, as squares: (n, 1 or 3, side, side) bytes, with a
    side of `SIDE` pixels at the most."""
    raw = torch.from_numpy(loaded(data)[split].inputs[np.asarray(rows, dtype=np.int64)])
    images = _drawable(scaled(raw, data.source_info()))
    height, width = images.shape[2:]
    side = max(height, width)
    if side > SIDE:
        size = (max(1, height * SIDE // side), max(1, width * SIDE // side))
        images = functional.interpolate(images, size, mode="area")
        height, width, side = *size, SIDE
    right, below = side - width, side - height
    margins = (right // 2, right - right // 2, below // 2, below - below // 2)
    return torch.from_numpy(visible(functional.pad(images, margins)))


def _drawable(images: Tensor) -> Tensor:
    """Images in colour if they have three channels, else their first channel."""
    return images if images.shape[1] == 3 else images[:, :1]
