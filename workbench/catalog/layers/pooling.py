"""Pooling by sliding windows."""

from math import prod
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.catalog.layers.geometry import (
    PaddingPair,
    Paddings,
    Pair,
    Sizes,
    Slide,
    size_text,
    slid,
    slide_formula,
    slides,
    spread,
)
from workbench.catalog.layers.repairs import needs_axes
from workbench.core.layer import LayerSpec, Saved, Shape, Window
from workbench.core.reasons import Refused
from workbench.core.spec import Extent, Size


class _Pool(LayerSpec, abstract=True):
    category: ClassVar[str] = "Pooling"
    short: ClassVar[str] = "pool"
    positional: ClassVar[tuple[str, ...]] = ("kernel_size",)
    axes: ClassVar[int]

    kernel_size: Sizes = Field(default=2, title="Kernel size", description="Size of the window.")
    stride: Sizes | None = Field(
        default=None,
        title="Stride",
        description="Steps from one window to the next; empty means as large as the window.",
    )
    padding: Paddings = Field(default=0, title="Padding", description="Values added on each side.")
    ceil_mode: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Round up",
        description="Whether a window may reach over the end, so that nothing is left out.",
    )

    @model_validator(mode="after")
    def _padding_within_half(self) -> Self:
        windows = slides(self.axes, self.kernel_size, padding=self.padding)
        if any(slide.padding > slide.kernel // 2 for slide in windows):
            raise Refused("padding must be at most half the kernel size")
        return self

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        fields = super().fields_of(module)
        same = fields["stride"] == fields["kernel_size"]
        # torch puts the window's size in place of an empty stride.
        return {**fields, "stride": None} if same else fields

    @property
    def step(self) -> int | tuple[int, ...]:
        """The stride that is in force."""
        return self.kernel_size if self.stride is None else self.stride

    def in_force(self, field: str) -> Any:
        return self.step if field == "stride" else super().in_force(field)

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, self.axes)
        return in_shape[0], *slid(self, in_shape, self._slides())

    def _slides(self) -> tuple[Slide, ...]:
        return slides(
            self.axes, self.kernel_size, self.step, self.padding, self._gap, self.ceil_mode
        )

    @property
    def _gap(self) -> int | tuple[int, ...]:
        return 1

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return tuple(slide.window for slide in self._slides())

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"kernel_size": self.kernel_size} | super().arguments(in_shape)

    def words(self) -> str:
        told = f"{size_text(spread(self.kernel_size, self.axes))} · stride {size_text(self.step)}"
        told += f" · padding {size_text(self.padding)}" if self.padding else ""
        return told + (" · rounded up" if self.ceil_mode else "")

    def formula(self, in_shape: Shape) -> str:
        return slide_formula(self._slides(), in_shape)


class _Pool1d(_Pool, abstract=True):
    axes: ClassVar[int] = 1

    kernel_size: Size = Field(default=2, title="Kernel size", description="Length of the window.")
    stride: Size | None = Field(
        default=None,
        title="Stride",
        description="Steps from one window to the next; empty means as long as the window.",
    )
    padding: Extent = Field(default=0, title="Padding", description="Values added at each end.")


class _Pool2d(_Pool, abstract=True):
    axes: ClassVar[int] = 2

    kernel_size: Pair = Field(
        default=2, title="Kernel size", description="Height and width of the window: 2, or 2 × 3."
    )
    stride: Pair | None = Field(
        default=None,
        title="Stride",
        description="Pixels from one window to the next; empty means as large as the window.",
    )
    padding: PaddingPair = Field(
        default=0, title="Padding", description="Rows and columns added on each side."
    )


class MaxPool1d(_Pool1d):
    """torch.nn.MaxPool1d over (channels, length)."""

    summary: ClassVar[str] = "Keeps the largest value of each window, so the signal gets shorter."
    others: ClassVar[tuple[str, ...]] = (
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    )

    dilation: Size = Field(
        default=1, title="Dilation", description="Steps between neighbours in a window."
    )

    @property
    def _gap(self) -> int:
        return self.dilation

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, bytes=8 * prod(self.out_shape(in_shape)))  # where each max was


class MaxPool2d(_Pool2d):
    """torch.nn.MaxPool2d over (channels, height, width)."""

    summary: ClassVar[str] = "Keeps the largest value of each window, so the image gets smaller."
    others: ClassVar[tuple[str, ...]] = (
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    )

    dilation: Pair = Field(
        default=1, title="Dilation", description="Pixels between neighbours in a window."
    )

    @property
    def _gap(self) -> int | tuple[int, ...]:
        return self.dilation

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, bytes=8 * prod(self.out_shape(in_shape)))  # where each max was


class AvgPool1d(_Pool1d):
    """torch.nn.AvgPool1d over (channels, length)."""

    summary: ClassVar[str] = "Keeps the mean of each window, so the signal gets shorter."

    count_include_pad: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Count padding", description="Whether added zeros count in the mean."
    )


class AvgPool2d(_Pool2d):
    """torch.nn.AvgPool2d over (channels, height, width)."""

    summary: ClassVar[str] = "Keeps the mean of each window, so the image gets smaller."

    count_include_pad: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Count padding", description="Whether added zeros count in the mean."
    )
