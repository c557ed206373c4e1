"""Ways to mend a layer whose input has the wrong number of dimensions.

The first offer is what was most probably meant, the last one removes the layer. An offer that
would leave a fault behind is not made.
"""

import re
from collections.abc import Iterable, Iterator
from math import isqrt
from typing import Any

from workbench.catalog.layers.reshape import Flatten, Permute, Unflatten
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, shape_text

NEEDED = {
    1: "gets {came}, needs a signal: channels × length.",
    2: "gets {came}, needs an image: channels × height × width.",
    3: "gets {came}, needs a volume: channels × depth × height × width.",
}


def removed() -> Fix:
    """The last way out."""
    return Fix("remove the layer", ())


def offers(in_shape: Shape, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The first two of these that leave no fault behind, then the removal of the layer."""
    mending = {fix.text: fix for fix in fixes if passes(in_shape, fix.layers)}
    return (*list(mending.values())[:2], removed())


def passes(in_shape: Shape, layers: Iterable[LayerSpec]) -> bool:
    """Whether a sample gets through these layers."""
    try:
        for layer in layers:
            in_shape = layer.out_shape(in_shape)
    except ShapeError:
        return False
    return True


def needs_axes(layer: LayerSpec, in_shape: Shape, axes: int, likely: Iterable[Fix] = ()) -> None:
    """Refuse what is not channels and so many axes; `likely` fixes are offered first.

    Raises:
        ShapeError: offers the same layer for what came, or a layer that brings it into shape.
    """
    if len(in_shape) != axes + 1:
        raise ShapeError(
            NEEDED[axes],
            fixes=offers(in_shape, [*likely, *_other_axes(layer, in_shape, axes)]),
            came=shape_text(in_shape),
        )


def _other_axes(layer: LayerSpec, in_shape: Shape, axes: int) -> Iterator[Fix]:
    other = sibling(layer, len(in_shape) - 1)
    if other:
        yield Fix("use {kind}", (other,), kind=other.kind)
    bringing = reshaped(in_shape, axes + 1)
    yield Fix("insert {kind}", (bringing, layer), kind=bringing.kind)
    signal = sibling(layer, 1)
    if signal and len(in_shape) == 1:
        row = Unflatten(unflattened_size=(1, *in_shape))
        yield Fix("insert Unflatten, use {kind}", (row, signal), kind=signal.kind)


def sibling(layer: LayerSpec, axes: int) -> LayerSpec | None:
    """The same layer for another number of axes, with all that it can say: Conv1d as Conv2d."""
    kind = LayerSpec.choices().get(re.sub(r"\dd$", f"{axes}d", layer.kind))
    if kind is None or kind is type(layer):
        return None
    shared = kind.model_fields.keys() & type(layer).model_fields.keys()
    return kind(**{name: _first(getattr(layer, name)) for name in shared})


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


def reshaped(in_shape: Shape, dims: int) -> LayerSpec:
    """The layer that brings a sample to so many dimensions.

    Surplus axes become channels of an image or one long axis; missing ones get the size 1,
    unless a row of numbers can be the square picture that it probably was.
    """
    if len(in_shape) > dims:
        surplus = len(in_shape) - dims
        return Flatten(end_dim=1 + surplus) if dims > 2 else Flatten(start_dim=dims)
    if len(in_shape) == 1 and dims == 3:
        return Unflatten(unflattened_size=_picture(in_shape[0]))
    missing = dims - len(in_shape)
    return Unflatten(unflattened_size=(*(1,) * missing, in_shape[0]))


def _picture(values: int) -> tuple[int, int, int]:
    """The square picture with the fewest channels that holds so many values."""
    for channels in range(1, values // 4 + 1):
        side = isqrt(values // channels)
        if channels * side * side == values:
            return channels, side, side
    return values, 1, 1


def as_sequence(in_shape: Shape, rows_first: bool) -> tuple[Fix, ...]:
    """Ways from a vector or an image to (length, features); the layer itself is not in them."""
    if len(in_shape) == 1:
        steps = Unflatten(unflattened_size=(in_shape[0], 1))
        return (Fix("insert Unflatten: one number a step", (steps,)),)
    rows = Fix("insert Flatten: a sequence of rows", (Flatten(end_dim=-2),))
    pixels = Fix(
        "insert Flatten and Permute: a sequence of pixels", (Flatten(start_dim=2), Permute())
    )
    return (rows, pixels) if rows_first else (pixels, rows)


def needs_sequence(layer: LayerSpec, in_shape: Shape, rows_first: bool = True) -> None:
    """Refuse what is not (length, features).

    Raises:
        ShapeError: offers to make a sequence of what came.
    """
    if len(in_shape) != 2:
        ways = as_sequence(in_shape, rows_first)
        raise ShapeError(
            "gets {came}, needs a sequence: length × features.",
            fixes=offers(
                in_shape, (Fix(way.label, (*way.layers, layer), **way.values) for way in ways)
            ),
            came=shape_text(in_shape),
        )


def nearest_divisors(number: int, wanted: int) -> list[int]:
    """The divisors of `number` around `wanted`, the nearest first, at most two."""
    below = max(size for size in range(1, min(wanted, number) + 1) if number % size == 0)
    above = next((size for size in range(wanted, number + 1) if number % size == 0), below)
    return sorted({below, above}, key=lambda size: abs(size - wanted))
