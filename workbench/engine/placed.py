"""A network and its data where they are worked with: the same for training and ever after."""

import torch
from torch import nn

from workbench.core.data import DatasetSpec
from workbench.engine.batches import Batches
from workbench.engine.build import convolves


def placed(
    network: nn.Module, data: DatasetSpec, device: torch.device
) -> tuple[nn.Module, Batches]:
    """The network on the device, and batches for it, both in the layout that it gains from.

    Device, layout and batches are those of training wherever a network is measured, so that its
    figures are those of training too, to the last bit.

    Raises:
        UserError: the data can't be loaded.
    """
    channels_last = convolves(network)
    batches = Batches(data, device, channels_last=channels_last)
    layout = torch.channels_last if channels_last else torch.preserve_format
    return network.to(device).to(memory_format=layout), batches
