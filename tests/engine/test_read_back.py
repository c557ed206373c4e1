"""A live module becomes the layer that it was made from, for every plain layer of the catalogue."""

from collections import OrderedDict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import specs
from torch import nn
from torchvision.ops import Permute

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape, ShapeError
from workbench.engine.build import is_plain
from workbench.engine.read_back import read_back

DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
# Embedding only makes whole numbers of its input first: in a Sequential they come as such.
KINDS = LayerSpec.choices()
PLAIN = [kind for name, kind in KINDS.items() if name == "Embedding" or is_plain(kind())]
SHAPES = st.sampled_from(
    [(12, 9, 9), (4, 1, 6), (2, 8, 7, 7), (12, 20), (6, 12), (36,), (4, 4, 4), (1, 5)]
)


def test_all_but_the_layers_with_two_results_are_plain() -> None:
    two_results = {"RNN", "LSTM", "GRU", "MultiheadAttention"}
    kinds = LayerSpec.choices().items()
    whole = {name for name, kind in kinds if kind.library == "torchvision.models"}
    blocks = {name for name, kind in kinds if issubclass(kind, BlockSpec)}
    found = {kind.__name__ for kind in PLAIN}
    assert found == LayerSpec.choices().keys() - two_results - whole - blocks - {"Opaque"}


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_a_module_is_read_back_as_the_layer_that_made_it(kind: type[LayerSpec]) -> None:
    compared = 0

    @DRAWN
    @given(specs(kind), SHAPES)
    def check(spec: LayerSpec, shape: Shape) -> None:
        nonlocal compared
        spec = as_short(spec).replace(name="it")
        if not takes(spec, shape):
            return
        compared += 1
        module = spec.module(nn, shape)
        [again] = read_back(nn.Sequential(OrderedDict(it=module))).layers
        assert again.name == "it"
        assert type(again) is kind
        assert plain(again, shape) == plain(spec, shape)
        assert repr(again.module(nn, shape)) == repr(module)

    check()
    assert compared


def takes(spec: LayerSpec, shape: Shape) -> bool:
    try:
        spec.out_shape(shape)
    except ShapeError:
        return False
    return True


def plain(spec: LayerSpec, shape: Shape) -> dict[str, Any]:
    """What reaches torch, with an empty stride filled in."""
    given = spec.arguments(shape) | {"shape": spec.out_shape(shape)}
    if "Pool" in spec.kind and "Adaptive" not in spec.kind:
        given |= {"stride": spec.kernel_size if spec.stride is None else spec.stride}
    if given.get("num_parameters") == 1:  # a single channel has a single slope either way
        del given["num_parameters"]
    return given


def as_short(spec: LayerSpec) -> LayerSpec:
    """`(2, 2)` as 2, wherever that means the same."""
    if spec.kind in ("Unflatten", "Permute"):
        return spec
    fields = {name: getattr(spec, name) for name in type(spec).model_fields}
    pairs = {name: value for name, value in fields.items() if isinstance(value, tuple)}
    return spec.replace(**{name: pair[0] for name, pair in pairs.items() if len(set(pair)) == 1})


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.LSTM(3, 4), "a LSTM in an nn.Sequential, where its two results"),
        (nn.MultiheadAttention(4, 2), "can't hand it its three inputs"),
        (nn.TransformerEncoderLayer(4, 2), "without batch_first=True"),
        (nn.TransformerEncoderLayer(4, 2, activation=torch.tanh, batch_first=True), "activation"),
        (Permute([1, 0, 2]), r"layers\[0\]\.dims"),
        (nn.BatchNorm1d(4, momentum=None), r"layers\[0\]\.momentum"),
        (nn.Softmax(dim=None), r"layers\[0\]\.dim"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_no_layer_can_say_is_told(module: nn.Module, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_back(nn.Sequential(module))
