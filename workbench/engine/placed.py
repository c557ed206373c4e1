"""A network and its data where they are worked with: the same for training and ever after."""

import torch
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.engine.batches import Batches
from workbench.engine.build import convolves


def placed(
    network: nn.Module,
    data: DatasetSpec,
    device: torch.device,
    channels_last: bool | None = None,
) -> tuple[nn.Module, Batches]:
    """The network on the device, and batches for it, both in the layout of its training, which
    `channels_last` tells; None is the usual one.

    Device, layout and batches are those of training wherever a network is measured, so that its
    figures are those of training too, to the last bit.

    Raises:
        UserError: the data can't be loaded.
    """
    chosen = convolves(network) if channels_last is None else channels_last
    batches = Batches(data, device, chosen)
    lay(network.to(device), batches, chosen)
    return network, batches


def lay(network: nn.Module, batches: Batches, channels_last: bool) -> None:
    """Bring both into a layout."""
    network.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    batches.lay(channels_last)
