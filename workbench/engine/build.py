"""From a `ModelSpec` to torch modules."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.core.walk import walk
from workbench.engine.machine import check_memory


def build(model: ModelSpec, in_shape: Shape) -> nn.Module:
    """The network, freshly initialized, with parameters under the layers' names: an
    `nn.Sequential` where plain modules in a row say it all, else a `Network`.

    Raises:
        UserError: a layer has a fault, or the machine has too little memory.
    """
    steps = model.walk(in_shape)
    for step in steps:
        if step.fault:
            raise UserError(f"{step.layer.name} {step.fault.message}", **step.fault.values)
    check_memory(sum(step.parameters for step in steps if not step.depth))
    if not all(map(is_plain, model.layers)):
        return Network(model.layers, in_shape)
    modules = ((step.layer.name, step.layer.module(nn, step.in_shape or ())) for step in steps)
    return nn.Sequential(OrderedDict(modules))


def is_plain(layer: LayerSpec) -> bool:
    """Whether its module alone, in a Sequential, does all that the layer does."""
    return not isinstance(layer, BlockSpec) and type(layer).call is LayerSpec.call


class Network(nn.Module):
    """A stack of layers with blocks. Each layer is a child under its name, also those in the
    stacks of `Residual` and `Branches`; a `Repeat` is a Sequential of its rounds."""

    def __init__(self, layers: Sequence[LayerSpec], in_shape: Shape) -> None:
        super().__init__()
        self._layers = tuple(layers)
        self._add(layers, in_shape)

    def _add(self, layers: Sequence[LayerSpec], in_shape: Shape) -> Shape:
        """Add the modules of a stack; gives the shape behind it."""
        shape = in_shape
        for layer in layers:
            if not isinstance(layer, BlockSpec):
                self.add_module(layer.name, layer.module(nn, shape))
            elif layer.scope:
                self.add_module(layer.name, _rounds(layer, shape))
            else:
                for stack in layer.stacks:
                    self._add(stack, shape)
            shape = cast(Shape, walk([layer], shape)[0].out_shape)
        return shape

    def forward(self, x: Tensor) -> Tensor:
        """The output for a batch."""
        return self._run(self._layers, x)

    def _run(self, layers: Sequence[LayerSpec], x: Tensor) -> Tensor:
        for layer in layers:
            if isinstance(layer, BlockSpec) and not layer.scope:
                # no name for the outputs: it would hold them until the next block
                x = layer.joined(torch, [self._run(stack, x) for stack in layer.stacks])
            else:
                x = layer.call(self.get_submodule(layer.name), x)
        return x


def _rounds(block: BlockSpec, in_shape: Shape) -> nn.Module:
    """A block with a scope: one network, or a Sequential of as many as it has rounds."""
    stack, shape = block.stacks[0], in_shape
    networks = []
    for _ in range(block.rounds):
        networks.append(Network(stack, shape))
        behind = [step for step in walk(stack, shape) if not step.depth]
        shape = cast(Shape, behind[-1].out_shape) if behind else shape
    return nn.Sequential(*networks) if block.in_sequence else networks[0]


def convolves(network: nn.Module) -> bool:
    """Whether the network has convolutions, and so gains from the channels_last layout."""
    return any(isinstance(module, nn.Conv2d) for module in network.modules())
