"""Networks with blocks in blocks, drawn so that every shape fits."""

from hypothesis import strategies as st

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec

CHOICES = LayerSpec.choices()
IN_SHAPE = (3, 8, 8)
CHANNELS = st.sampled_from([2, 3, 4])
TITLES = st.sampled_from(["", "Bottleneck", "two words", "4 × 4", "net", "Größe"])


def layer(kind: str, **arguments: object) -> LayerSpec:
    return CHOICES[kind](**arguments)


def conv(channels: int, **arguments: object) -> LayerSpec:
    return layer("Conv2d", out_channels=channels, kernel_size=3, padding=1, **arguments)


@st.composite
def networks(draw: st.DrawFn) -> ModelSpec:
    """For images of `IN_SHAPE`, sometimes with a head."""
    body = draw(_stacks(3))
    head = [layer("Flatten"), layer("Linear", out_features=draw(CHANNELS)), layer("Tanh")]
    return ModelSpec(layers=(*body, *(head if draw(st.booleans()) else [])))


@st.composite
def _stacks(draw: st.DrawFn, depth: int, most: int = 3) -> list[LayerSpec]:
    kinds = ["leaf", "Group", "Repeat", "Residual", "Branches"]
    kinds = draw(st.lists(st.sampled_from(kinds if depth else kinds[:1]), max_size=most))
    return [draw(_leaves() if kind == "leaf" else _blocks(kind, depth - 1)) for kind in kinds]


@st.composite
def _leaves(draw: st.DrawFn) -> LayerSpec:
    kind = draw(st.sampled_from(["Conv2d", "ReLU", "BatchNorm2d", "Sigmoid"]))
    return conv(draw(CHANNELS)) if kind == "Conv2d" else layer(kind)


@st.composite
def _blocks(draw: st.DrawFn, kind: str, depth: int) -> LayerSpec:
    inner = _stacks(depth)
    if kind == "Group":
        return layer(kind, layers=tuple(draw(inner)), title=draw(TITLES))
    if kind == "Repeat":
        return layer(kind, layers=tuple(draw(inner)), times=draw(st.integers(1, 4)))
    same = [conv(draw(CHANNELS), bias=False)]  # brings every way to one number of channels
    if kind == "Residual":
        layers, shortcut = [*draw(inner), *same], [*draw(_stacks(depth, 1)), *same]
        plain = draw(st.booleans())
        block = layer(kind)
        assert isinstance(block, BlockSpec)
        if plain:  # shapes must stay: activations only
            keeping = st.lists(st.sampled_from(["ReLU", "Sigmoid"]), max_size=2)
            return block.with_stacks([[layer(each) for each in draw(keeping)], []])
        return block.with_stacks([layers, shortcut])
    merge = draw(st.sampled_from(["concatenate", "add", "multiply"]))
    ways = draw(st.lists(inner, min_size=1, max_size=3))
    ends = [[]] * len(ways) if merge == "concatenate" else [same] * len(ways)
    ways = [(*way, *end) for way, end in zip(ways, ends, strict=True)]
    return layer(kind, branches=tuple(ways), merge=merge)
