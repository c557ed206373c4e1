"""The source of a layer also where a fault before it hides the shape that it gets."""

import re

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape

LAZY = frozenset(
    f"{kind}{dims}"
    for kind, most in (("Conv", 3), ("ConvTranspose", 3), ("BatchNorm", 3), ("InstanceNorm", 3))
    for dims in ("1d", "2d", "3d")[:most]
) | {"Linear"}
"""What torch has as `nn.Lazy...`, which finds its input size at the first batch."""


class _Unknown(int):
    """A size that is not known: it counts as 1 and is written `...`."""

    def __repr__(self) -> str:
        return "..."

    __str__ = __repr__


ANY_SHAPE: Shape = (_Unknown(1), _Unknown(1), _Unknown(1))
"""Stands for every shape."""


def constructor_source(layer: LayerSpec, in_shape: Shape | None) -> str:
    """The call that makes the module of a layer, lazy if `in_shape` is not known."""
    try:
        source = layer.constructor_source(ANY_SHAPE if in_shape is None else in_shape)
    except (UserError, IndexError, ValueError):  # a shape of another rank than it takes
        source = f"nn.{layer.kind}(...)"
    start = rf"nn\.{layer.kind}\((\w+=)?\.\.\.(, )?"
    return re.sub(start, f"nn.Lazy{layer.kind}(", source) if layer.kind in LAZY else source


def call_source(layer: LayerSpec, module: str, x: str, in_shape: Shape | None) -> list[str]:
    """The lines that call it."""
    if isinstance(layer, BlockSpec):
        return [f"{x} = {module}({x})"]
    return layer.call_source(module, x, ANY_SHAPE if in_shape is None else in_shape)
