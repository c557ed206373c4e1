"""Edits for a layer that needs another number of dimensions."""

from collections.abc import Iterator, Sequence
from math import isqrt

from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d
from workbench.catalog.layers.repairs import sibling
from workbench.catalog.layers.reshape import Flatten, Permute, Unflatten
from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, Shape, shape_text
from workbench.core.repair import Edit, Fault


def put_in_front(fault: Fault) -> Iterator[Edit]:
    """A layer in front of the faulty one that brings its input into another shape."""
    if isinstance(fault.layer, BlockSpec):
        return
    for layers in _reshapings(fault.came):
        names = " and ".join(layer.kind for layer in layers)
        shape = shape_text(_shape_behind(layers, fault.came))
        yield fault.instead(
            "insert {names} to {shape}", *layers, fault.layer, names=names, shape=shape
        )


def _shape_behind(layers: Sequence[LayerSpec], shape: Shape) -> Shape:
    for layer in layers:
        shape = layer.out_shape(shape)
    return shape


def _reshapings(came: Shape) -> Iterator[tuple[LayerSpec, ...]]:
    if len(came) > 1:
        yield (Flatten(),)
    if len(came) > 2:
        yield (Flatten(end_dim=-2),)
        yield (Flatten(start_dim=2),)
        yield (Flatten(start_dim=2), Permute(dims=(2, 1)))
    if len(came) == 2:
        yield (Permute(dims=(2, 1)),)
        yield (Unflatten(unflattened_size=(1, came[0])),)
    if len(came) == 1:
        for sizes in _unflattened(came[0]):
            yield (Unflatten(unflattened_size=sizes),)
    if len(came) in (2, 3):
        yield pooling(len(came) - 1), Flatten()


def _unflattened(values: int) -> Iterator[Shape]:
    """The pictures, and then the sequences, that a row of values may have been."""
    for channels in (1, 3):
        side = isqrt(values // channels)
        if channels * side * side == values:
            yield channels, side, side
    yield values, 1, 1
    yield 1, values
    yield values, 1


def other_kinds(fault: Fault) -> Iterator[Edit]:
    """The same layer for signals, images or volumes: Conv2d as Conv1d."""
    for axes in (1, 2, 3):
        other = sibling(fault.layer, axes)
        if other:
            yield fault.instead("use {layer}", other, layer=other.kind)


def pooling(axes: int, size: int | tuple[int, int] = 1) -> LayerSpec:
    """The adaptive pooling of signals or images to a size."""
    if axes == 1:
        assert isinstance(size, int)
        return AdaptiveAvgPool1d(output_size=size)
    return AdaptiveAvgPool2d(output_size=size)
