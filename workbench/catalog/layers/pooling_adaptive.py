"""Pooling to a size that is given, whatever comes in."""

from math import prod
from typing import Any, ClassVar

from pydantic import Field

from workbench.catalog.layers.geometry import Side, bounded, size_text, spread
from workbench.catalog.layers.repairs import needs_axes
from workbench.core.layer import LayerSpec, Saved, Shape, Window


class _AdaptivePool(LayerSpec, abstract=True):
    category: ClassVar[str] = "Pooling"
    short: ClassVar[str] = "pool"
    positional: ClassVar[tuple[str, ...]] = ("output_size",)
    axes: ClassVar[int]

    output_size: Side | tuple[Side, ...] = Field(
        default=1, title="Output size", description="Size of what comes out."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, self.axes)
        return bounded(self, (in_shape[0], *spread(self.output_size, self.axes)))

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"output_size": self.output_size}

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return None

    def words(self) -> str:
        return f"to {size_text(spread(self.output_size, self.axes))}"

    def formula(self, in_shape: Shape) -> str:
        out = spread(self.output_size, self.axes)
        return f"{size_text(in_shape[1:])} in {size_text(out)} windows of nearly the same size"


class _AdaptivePool2d(_AdaptivePool, abstract=True):
    axes: ClassVar[int] = 2

    output_size: Side | tuple[Side, Side] = Field(
        default=1,
        title="Output size",
        description="Height and width of what comes out: 1, or 2 × 3.",
    )


class AdaptiveAvgPool1d(_AdaptivePool):
    """torch.nn.AdaptiveAvgPool1d over (channels, length)."""

    summary: ClassVar[str] = "Brings a signal of any length to the given one by taking means."
    axes: ClassVar[int] = 1

    output_size: Side = Field(
        default=1, title="Output size", description="Length of what comes out."
    )

    def saved(self, in_shape: Shape) -> Saved:
        return _saved_for_means(self, in_shape)


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """torch.nn.AdaptiveAvgPool2d over (channels, height, width)."""

    summary: ClassVar[str] = "Brings an image of any size to the given one by taking means."

    def saved(self, in_shape: Shape) -> Saved:
        return _saved_for_means(self, in_shape)


def _saved_for_means(layer: _AdaptivePool, in_shape: Shape) -> Saved:
    """Nothing for one mean of all, for which torch takes another way."""
    return Saved(input=set(layer.out_shape(in_shape)[1:]) != {1})


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """torch.nn.AdaptiveMaxPool2d over (channels, height, width)."""

    summary: ClassVar[str] = "Brings an image of any size to the given one by keeping the largest."

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, bytes=8 * prod(self.out_shape(in_shape)))  # where each max was
