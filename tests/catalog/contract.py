"""What the contract tests of layers share: layers and inputs drawn at random, torch's answer."""

from typing import Any

import pytest
import torch
import torchvision
from hypothesis import reject, settings
from hypothesis import strategies as st
from strategies import specs
from torch import nn

from workbench.catalog.layers.backbones import Backbone
from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, Shape, ShapeError
from workbench.core.model import ModelSpec

SOURCES = {"nn": nn, "torch": torch, "torchvision": torchvision}


def theirs(kind: str) -> Any:
    """torch's class of this name."""
    return getattr(nn, kind, None) or getattr(torchvision.ops, kind, None)


LAYERS = {
    name: kind
    for name, kind in LayerSpec.choices().items()
    # backbones have tests of their own, and kept code is no layer of torch
    if not kind.verbatim and not issubclass(kind, BlockSpec | Backbone)
}
KINDS = pytest.mark.parametrize("kind", LAYERS.values(), ids=LAYERS)
DRAWN = settings(max_examples=30, deadline=None, derandomize=True, database=None)
FEW = settings(DRAWN, max_examples=16)

SIZES = st.sampled_from([1, 2, 3, 5, 8, 13])
CHANNELS = st.sampled_from([1, 2, 3, 4, 6, 12])
SHAPES_OF = {
    1: st.tuples(SIZES),
    2: st.tuples(CHANNELS, SIZES),
    3: st.tuples(CHANNELS, SIZES, SIZES),
    4: st.tuples(CHANNELS, *[st.sampled_from([1, 2, 4, 7])] * 3),
}
ANY = st.one_of(*SHAPES_OF.values())

SEQUENCES = ("RNN", "LSTM", "GRU", "MultiheadAttention", "TransformerEncoderLayer")
DIMS = {"Embedding": 1, "ZeroPad2d": 3, "PixelShuffle": 3} | dict.fromkeys(SEQUENCES, 2)
DIMS |= {name: int(name[-2]) + 1 for name in LAYERS if name[-1] == "d" and name[-2].isdigit()}
"""How many dimensions a sample has that these layers take."""

ANYWHERE = (
    "Dropout2d",
    "ZeroPad2d",
    "PixelShuffle",
    "Upsample",
    "Embedding",
    "AdaptiveAvgPool2d",
)
"""Layers whose torch module takes other dimensions too, and does what nobody means."""

OWN_SHAPES = {
    "PixelShuffle": st.tuples(st.sampled_from([4, 8, 9, 12, 16, 36]), SIZES, SIZES),
    "Upsample": st.one_of(SHAPES_OF[2], SHAPES_OF[3], SHAPES_OF[3]),
}


def shapes_for(kind: type[LayerSpec]) -> st.SearchStrategy[Shape]:
    """Shapes of samples, most of them with as many dimensions as the layer takes."""
    return st.one_of(*[fitting_shapes(kind)] * 3, ANY)


def fitting_shapes(kind: type[LayerSpec]) -> st.SearchStrategy[Shape]:
    """Shapes with as many dimensions as the layer takes."""
    return OWN_SHAPES.get(kind.__name__, SHAPES_OF.get(DIMS.get(kind.__name__, 0), ANY))


@st.composite
def fitted(draw: st.DrawFn, kind: type[LayerSpec]) -> tuple[LayerSpec, Shape]:
    """A layer and a sample that it takes, if need be by its own fixes."""
    spec = draw(specs(kind))
    shape = draw(fitting_shapes(kind))
    spec = mended(spec, shape)
    if spec is None:
        reject()
    return spec, shape


def mended(spec: LayerSpec, shape: Shape) -> LayerSpec | None:
    """The layer with its arguments mended until it takes the sample; None if they can't be."""
    for _ in range(4):
        fault = fault_of(spec, shape)
        if fault is None:
            return spec
        ways = [fix.layers[0] for fix in fault.fixes if len(fix.layers) == 1]
        spec = next((way for way in ways if way.kind == spec.kind), spec)
    return None


def sample_of(spec: LayerSpec, shape: Shape, batch: int = 2) -> torch.Tensor:
    if spec.kind == "Embedding":
        return torch.randint(spec.num_embeddings, (batch, *shape))
    return torch.randn(batch, *shape)


def behind(spec: LayerSpec, shape: Shape) -> Shape | None:
    """The shape of a sample behind torch's own layer; None if torch refuses it."""
    try:
        module = spec.module(nn, shape).eval()
        output = spec.call(module, sample_of(spec, shape))
    except (RuntimeError, ValueError, IndexError, AssertionError):
        return None
    assert output.shape[0] == 2, "a sample must stay one sample"
    return tuple(output.shape[1:])


def fault_of(spec: LayerSpec, shape: Shape) -> ShapeError | None:
    return next(iter(ModelSpec(layers=(spec,)).walk(shape))).fault
