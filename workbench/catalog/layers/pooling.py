"""Pooling."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.catalog.layers.geometry import (
    Padding,
    Pair,
    both,
    needs_image,
    pair_text,
    size_formula,
    window_size,
)
from workbench.core.layer import LayerSpec, Shape


class _Pool2d(LayerSpec, abstract=True):
    category: ClassVar[str] = "Pooling"
    short: ClassVar[str] = "pool"

    kernel_size: Pair = Field(
        default=2, title="Kernel size", description="Height and width of the window: 2, or 2 × 3."
    )
    stride: Pair | None = Field(
        default=None,
        title="Stride",
        description="Pixels from one window to the next; empty means as large as the window.",
    )
    padding: Padding = Field(
        default=0, title="Padding", description="Rows and columns added on each side."
    )

    @model_validator(mode="after")
    def _padding_within_half(self) -> Self:
        halves = zip(both(self.padding), both(self.kernel_size), strict=True)
        if any(pad > kernel // 2 for pad, kernel in halves):
            raise ValueError("padding must be at most half the kernel size")
        return self

    @property
    def step(self) -> int | tuple[int, int]:
        """The stride that is in force."""
        return self.kernel_size if self.stride is None else self.stride

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_image(self, in_shape)
        size = window_size(
            self, in_shape, self.kernel_size, self.step, self.padding, self._dilation
        )
        return in_shape[0], *size

    @property
    def _dilation(self) -> int | tuple[int, int]:
        return 1

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"kernel_size": self.kernel_size} | super().arguments(in_shape)

    def words(self) -> str:
        told = f"{pair_text(both(self.kernel_size))} · stride {pair_text(self.step)}"
        return told + (f" · padding {pair_text(self.padding)}" if self.padding else "")

    def formula(self, in_shape: Shape) -> str:
        return size_formula(in_shape[1], self.kernel_size, self.step, self.padding, self._dilation)


class MaxPool2d(_Pool2d):
    """torch.nn.MaxPool2d."""

    summary: ClassVar[str] = "Keeps the largest value of each window, so the image gets smaller."

    dilation: Pair = Field(
        default=1, title="Dilation", description="Pixels between neighbours in a window."
    )

    @property
    def _dilation(self) -> int | tuple[int, int]:
        return self.dilation


class AvgPool2d(_Pool2d):
    """torch.nn.AvgPool2d."""

    summary: ClassVar[str] = "Keeps the mean of each window, so the image gets smaller."

    count_include_pad: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Count padding", description="Whether added zeros count in the mean."
    )
