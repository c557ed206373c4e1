"""Transposed convolutions: the way back from a small image to a large one.

Output size: (in - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1, as in
the documentation of `torch.nn.ConvTranspose2d`.
"""

from collections.abc import Iterator
from math import prod
from typing import Annotated, ClassVar

from pydantic import Field

from workbench.catalog.layers.conv import Convolving
from workbench.catalog.layers.geometry import (
    AXES,
    PaddingPair,
    Paddings,
    Pair,
    Sizes,
    Slide,
    bounded,
    size_text,
    slides,
    spread,
)
from workbench.catalog.layers.repairs import needs_axes, offers
from workbench.core.layer import Fix, Shape, ShapeError, Window
from workbench.core.spec import Extent, Size


class _ConvTranspose(Convolving, abstract=True):
    stride: Sizes = Field(
        default=1, title="Stride", description="Steps from one output window to the next."
    )
    padding: Paddings = Field(
        default=0, title="Padding", description="Values taken off the output on each side."
    )
    output_padding: Paddings = Field(
        default=0,
        title="Output padding",
        description="Values added to the output at its far end; below the stride or the dilation.",
    )
    groups: Size = Field(
        default=1,
        title="Groups",
        description="Channels are convolved in this many separate groups.",
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add a learned number to each feature map."
    )
    dilation: Sizes = Field(
        default=1, title="Dilation", description="Steps between neighbours in a kernel."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, self.axes)
        self._check_groups(in_shape[0], self.groups)
        self._check_output_padding()
        sizes = tuple(self._sizes(in_shape))
        if min(sizes) < 1:
            raise ShapeError(
                "takes more off by padding={padding} than its {came} input makes.",
                fixes=offers(in_shape, [Fix("set padding=0", (self.replace(padding=0),))]),
                padding=size_text(self.padding),
                came=size_text(in_shape[1:]),
            )
        return bounded(self, (self.out_channels, *sizes))

    def _slides(self) -> tuple[Slide, ...]:
        return slides(self.axes, self.kernel_size, self.stride, self.padding, self.dilation)

    def _sizes(self, in_shape: Shape) -> Iterator[int]:
        extra = spread(self.output_padding, self.axes)
        for slide, size, more in zip(self._slides(), in_shape[1:], extra, strict=True):
            yield (size - 1) * slide.stride - 2 * slide.padding + slide.reach + more

    def _check_output_padding(self) -> None:
        extra = spread(self.output_padding, self.axes)
        each = list(zip(self._slides(), extra, strict=True))
        if any(more >= max(slide.stride, slide.dilation) for slide, more in each):
            raise ShapeError(
                "has output_padding={more}, which must be smaller than its stride or dilation.",
                fixes=[
                    Fix("set output_padding=0", (self.replace(output_padding=0),)),
                    Fix(
                        f"set stride={max(extra) + 1}",
                        (self.replace(stride=max(extra) + 1),),
                    ),
                ],
                more=size_text(self.output_padding),
            )

    def parameter_count(self, in_shape: Shape) -> int:
        return self._weights(in_shape[0], self.groups) + self.out_channels * self.bias

    def multiply_adds(self, in_shape: Shape) -> int:
        return prod(in_shape[1:]) * self._weights(in_shape[0], self.groups)

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        """Every input spreads a kernel; so an output sees the inputs whose kernels reach it: one in
        `stride` of the kernel's places. A padding above the kernel makes a negative one here."""
        return tuple(
            Window(
                reach=(slide.reach - 1) // slide.stride + 1,
                padding=(slide.reach - 1 - slide.padding) // slide.stride,
                growth=slide.stride,
            )
            for slide in self._slides()
        )

    def words(self) -> str:
        told = f"{self.out_channels} kernels {size_text(spread(self.kernel_size, self.axes))}"
        told += f" · stride {size_text(self.stride)} · padding {size_text(self.padding)}"
        if max(spread(self.output_padding, self.axes)):
            told += f" · output padding {size_text(self.output_padding)}"
        if set(spread(self.dilation, self.axes)) != {1}:
            told += f" · dilation {size_text(self.dilation)}"
        return told + (f" · {self.groups} groups" if self.groups > 1 else "")

    def formula(self, in_shape: Shape) -> str:
        lines = list(self._formulas(in_shape))
        if len(set(lines)) == 1:
            return f"out = {lines[0]}"
        named = zip(AXES[self.axes], lines, strict=True)
        return "\n".join(f"{name} = {line}" for name, line in named)

    def _formulas(self, in_shape: Shape) -> Iterator[str]:
        extra = spread(self.output_padding, self.axes)
        each = zip(self._slides(), in_shape[1:], extra, self._sizes(in_shape), strict=True)
        for slide, size, more, out in each:
            told = f"({size} − 1)·{slide.stride} − 2·{slide.padding} + {slide.reach}"
            yield told + (f" + {more}" if more else "") + f" = {out}"


class ConvTranspose1d(_ConvTranspose):
    """torch.nn.ConvTranspose1d over (channels, length); `in_channels` follows from the input."""

    summary: ClassVar[str] = "Spreads every value by a learned kernel, so the signal gets longer."
    short: ClassVar[str] = "deconv"
    axes: ClassVar[int] = 1

    kernel_size: Size = Field(default=3, title="Kernel size", description="Length of a kernel.")
    stride: Size = Field(
        default=1, title="Stride", description="Output steps from one kernel to the next."
    )
    padding: Extent = Field(
        default=0, title="Padding", description="Values taken off the output at each end."
    )
    output_padding: Extent = Field(
        default=0,
        title="Output padding",
        description="Values added to the output at its end; below the stride or the dilation.",
    )
    dilation: Size = Field(
        default=1, title="Dilation", description="Steps between neighbours in a kernel."
    )


class ConvTranspose2d(_ConvTranspose):
    """torch.nn.ConvTranspose2d over (channels, height, width); `in_channels` follows from it."""

    summary: ClassVar[str] = "Spreads every pixel by a learned kernel, so the image gets larger."
    short: ClassVar[str] = "deconv"
    axes: ClassVar[int] = 2

    kernel_size: Pair = Field(
        default=3, title="Kernel size", description="Height and width of a kernel: 3, or 3 × 5."
    )
    stride: Pair = Field(
        default=1, title="Stride", description="Output pixels from one kernel to the next."
    )
    padding: PaddingPair = Field(
        default=0, title="Padding", description="Pixels taken off the output on each side."
    )
    output_padding: PaddingPair = Field(
        default=0,
        title="Output padding",
        description="Pixels added below and at the right; fewer than the stride or the dilation.",
    )
    dilation: Pair = Field(
        default=1, title="Dilation", description="Pixels between neighbours in a kernel."
    )
