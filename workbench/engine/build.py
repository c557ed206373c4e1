"""From a `ModelSpec` to a standard torch module."""

from collections import OrderedDict

from torch import nn

from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.model import ModelSpec
from workbench.engine.machine import check_memory


def build(model: ModelSpec, in_shape: Shape) -> nn.Sequential:
    """The network as plain torch modules, under the layers' names, freshly initialized.

    Raises:
        UserError: a layer has a fault, or the machine has too little memory.
    """
    steps = list(model.walk(in_shape))
    for step in steps:
        if step.fault:
            raise UserError(f"{step.layer.name} {step.fault.message}", **step.fault.values)
    check_memory(sum(step.parameters for step in steps))
    return nn.Sequential(
        OrderedDict((step.layer.name, step.layer.module(nn, step.in_shape or ())) for step in steps)
    )


def convolves(network: nn.Module) -> bool:
    """Whether the network has convolutions, and so gains from the channels_last layout."""
    return any(isinstance(module, nn.Conv2d) for module in network.modules())
