"""The work and the receptive field of networks against what torch really does."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from workbench.catalog.layers.blocks import Branches, Group, Repeat, Residual
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.pooling import AvgPool2d, MaxPool2d
from workbench.core.costs import costs, costs_of
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.engine.build import build

BATCH = 3


@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")
@pytest.mark.parametrize("name", Template.shelf)
def test_templates_compute_as_much_as_torch_counts(name: str) -> None:
    project = Template.shelf[name].project()
    shape = project.data.info().shape
    # fused kernels, of LSTM and of attention in evaluation, are not counted by torch
    unfused = torch.backends.mkldnn.flags(enabled=False)
    with unfused, FlopCounterMode(display=False) as counter:
        build(project.model, shape).train()(torch.rand(BATCH, *shape))
    told = costs_of(project, project.walk())
    assert 2 * BATCH * told.multiply_adds == counter.get_total_flops()


def conv(channels: int, **arguments: Any) -> Conv2d:
    return Conv2d(**{"out_channels": channels, "kernel_size": 3, "padding": 1} | arguments)


def seen_by_torch(network: nn.Module, shape: Shape) -> list[int]:
    """How far the inputs lie apart on which the output in the middle depends, by gradients. Many
    random samples, since MaxPool looks at one place of its window only in each."""
    x = torch.rand(200, *shape, requires_grad=True)
    y = network(x)
    middle = (slice(None), slice(None), *(size // 2 for size in y.shape[2:]))
    y[middle].sum().backward()
    assert x.grad is not None
    places = x.grad.abs().amax(dim=(0, 1)).nonzero()
    return (places.amax(dim=0) - places.amin(dim=0) + 1).tolist()


Layers = tuple[LayerSpec, ...]
SEEN: dict[str, Layers] = {
    "one": (conv(3),),
    "two": (conv(3), conv(3, dilation=2)),
    "strides": (conv(3, stride=2), conv(3, stride=(2, 1)), conv(2, kernel_size=(1, 5))),
    "pooled": (conv(3), MaxPool2d(kernel_size=2), conv(3), AvgPool2d(kernel_size=3)),
    "residual": (Residual(layers=(conv(2), conv(2))), conv(4)),
    "branches": (
        Branches(branches=((conv(2),), (conv(2, kernel_size=(7, 1), padding=(3, 0)),), ())),
        MaxPool2d(kernel_size=2),
        conv(2),
    ),
    "repeat": (Repeat(times=3, layers=(conv(2), conv(2, kernel_size=1, padding=0))), conv(2)),
    "shrinking": (Repeat(times=3, layers=(conv(2), AvgPool2d(kernel_size=2))),),
    "nested": (Group(layers=(Repeat(times=2, layers=(Residual(layers=(conv(2),)),)),)), conv(1)),
}


@pytest.mark.parametrize("layers", SEEN.values(), ids=SEEN)
def test_the_receptive_field_is_where_gradients_arrive(layers: Layers) -> None:
    torch.manual_seed(0)
    model, shape = ModelSpec(layers=layers), (2, 40, 40)
    last = costs(model.walk(shape), shape, 1).layers[len(layers) - 1,]
    assert last.sight
    assert [axis.size for axis in last.sight] == seen_by_torch(build(model, shape), shape)


def test_behind_linear_the_whole_input_is_seen() -> None:
    project = Template.shelf["small_cnn"].project()
    told = costs_of(project, project.walk()).layers
    assert [axis.jump for axis in told[5,].sight or ()] == [4, 4]
    assert told[6,].sight == told[5,].sight  # Flatten keeps what each number sees
    assert told[7,].sight is None
    assert told[9,].sight is None
