"""From the stack of cards to plain torch modules, and back."""

import re

import pytest
import small
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import specs
from torch import nn

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.engine.build import build, is_plain
from workbench.engine.read_back import read_back

DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
LAYERS = {name: kind for name, kind in LayerSpec.choices().items() if is_plain(kind())}


def by_hand() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8, momentum=0.2),
        nn.ReLU(),
        nn.MaxPool2d((2, 1), stride=1),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(8 * 3 * 4, 5),
        nn.LogSoftmax(dim=1),
    )


CARDS = ModelSpec(
    layers=(
        small.layer("Conv2d", out_channels=8, stride=2, padding=1, bias=False),
        small.layer("BatchNorm2d", momentum=0.2),
        small.layer("ReLU"),
        small.layer("MaxPool2d", kernel_size=(2, 1), stride=1),
        small.layer("Flatten"),
        small.layer("Dropout", p=0.25),
        small.layer("Linear", out_features=5),
        small.layer("LogSoftmax"),
    )
)


def test_the_network_is_the_one_that_is_written_by_hand() -> None:
    torch.manual_seed(5)
    ours = build(CARDS, (1, 8, 8))
    torch.manual_seed(5)
    theirs = by_hand()
    assert type(ours) is nn.Sequential
    # The same modules with the same settings, under the names of the cards.
    assert re.sub(r"\(\w+\): ", "", repr(ours)) == re.sub(r"\(\w+\): ", "", repr(theirs))
    assert list(dict(ours.named_children())) == [layer.name for layer in CARDS.layers]
    for mine, other in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert torch.equal(mine, other)
    inputs = torch.randn(6, 1, 8, 8)
    for training in (True, False):
        torch.manual_seed(6)
        mine = ours.train(training)(inputs)
        torch.manual_seed(6)
        assert torch.equal(mine, theirs.train(training)(inputs))


@DRAWN
@given(
    st.lists(st.sampled_from(list(LAYERS.values())).flatmap(specs), min_size=1, max_size=5),
    st.sampled_from([(1, 12, 12), (3, 20, 17), (13,)]),
)
def test_shapes_and_parameters_along_any_stack_are_those_of_torch(
    layers: list[LayerSpec], shape: Shape
) -> None:
    model = ModelSpec(layers=tuple(layers))
    steps = list(model.walk(shape))
    assume(not any(step.fault for step in steps))
    network = build(model, shape).eval()
    output = torch.zeros(2, *shape)
    for step, module in zip(steps, network, strict=True):
        assert output.shape[1:] == step.in_shape
        output = module(output)
        assert output.shape[1:] == step.out_shape
    total = sum(parameter.numel() for parameter in network.parameters())
    assert total == sum(step.parameters for step in steps)


@DRAWN
@given(
    st.lists(st.sampled_from(list(LAYERS.values())).flatmap(specs), min_size=1, max_size=5),
    st.sampled_from([(1, 12, 12), (3, 20, 17), (13,)]),
)
def test_what_is_read_back_builds_the_same_network(layers: list[LayerSpec], shape: Shape) -> None:
    model = ModelSpec(layers=tuple(layers))
    assume(not any(step.fault for step in model.walk(shape)))
    network = build(model, shape)
    again = read_back(network)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert plain(repr(build(again, shape))) == plain(repr(network))


def plain(text: str) -> str:
    """`(2, 2)` as `2`: what is one and the same for both sides may be told in either way."""
    return re.sub(r"\((\d+), \1\)", r"\1", text)


def test_a_fault_is_told_with_the_name_of_its_layer() -> None:
    model = ModelSpec(layers=(small.layer("Conv2d"), small.layer("Linear", name="head")))
    with pytest.raises(UserError, match=r"^head gets 16 × 6 × 6, needs a flat vector"):
        build(model, (1, 8, 8))


def test_a_network_written_by_hand_is_read_back() -> None:
    assert repr(build(read_back(by_hand()), (1, 8, 8))).count("\n") == repr(by_hand()).count("\n")


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (nn.ModuleList([nn.ReLU()]), "a ModuleList, not an nn.Sequential"),
        (nn.Sequential(nn.ReLU(), nn.Bilinear(2, 2, 2)), "a Bilinear named 1"),
        (nn.Sequential(nn.Sequential(nn.CELU())), "a CELU named 0"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding="valid")), r"The network: layers\[0\]\.padding"),
    ],
)
def test_what_no_card_can_say_is_told(network: nn.Module, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_back(network)
