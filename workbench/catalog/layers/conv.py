"""Convolutions."""

from math import gcd, prod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.geometry import (
    PaddingPair,
    Paddings,
    PaddingTriple,
    Pair,
    Sizes,
    Slide,
    Triple,
    bounded,
    size_text,
    slid,
    slide_formula,
    slides,
    spread,
)
from workbench.catalog.layers.repairs import nearest_divisors, needs_axes
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, Window
from workbench.core.spec import Extent, Size


class Convolving(LayerSpec, abstract=True):
    """What convolutions and transposed convolutions share: channels, groups and what they cost."""

    category: ClassVar[str] = "Convolution"
    positional: ClassVar[tuple[str, ...]] = ("in_channels", "out_channels")
    axes: ClassVar[int]

    out_channels: Size = Field(
        default=16, title="Output channels", description="Number of kernels, and of feature maps."
    )
    kernel_size: Sizes = Field(default=3, title="Kernel size", description="Size of a kernel.")

    def _check_groups(self, in_channels: int, groups: int) -> None:
        if in_channels % groups or self.out_channels % groups:
            most = gcd(in_channels, self.out_channels)
            found = [size for size in nearest_divisors(most, groups) if size > 1]
            raise ShapeError(
                "has groups={groups}, which must divide both its {came} input and {out} output "
                "channels.",
                fixes=[
                    Fix("set groups={groups}", (self.replace(groups=size),), groups=size)
                    for size in (*found, 1)
                ],
                groups=groups,
                came=in_channels,
                out=self.out_channels,
            )

    def _weights(self, in_channels: int, groups: int) -> int:
        kernel = prod(spread(self.kernel_size, self.axes))
        return self.out_channels * in_channels // groups * kernel

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {
            "in_channels": in_shape[0],
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        return required | super().arguments(in_shape)


class _Conv(Convolving, abstract=True):
    stride: Sizes = Field(
        default=1, title="Stride", description="Steps from one window to the next."
    )
    padding: Paddings | Literal["same"] = Field(
        default=0,
        title="Padding",
        description="Values added on each side; same keeps the size (with stride 1).",
    )
    dilation: Sizes = Field(
        default=1, title="Dilation", description="Steps between neighbours in a kernel."
    )
    groups: Size = Field(
        default=1,
        title="Groups",
        description="Channels are convolved in this many separate groups.",
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add a learned number to each feature map."
    )
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        default="zeros",
        title="Padding mode",
        description="What is added: zeros, or values mirrored, repeated or taken from the far end.",
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_axes(self, in_shape, self.axes)
        self._check_groups(in_shape[0], self.groups)
        if self.padding == "same" and set(spread(self.stride, self.axes)) != {1}:
            self._refuse_same()
        self._check_padding_mode(in_shape)
        kept = self.padding == "same"
        sizes = in_shape[1:] if kept else slid(self, in_shape, self._slides())
        return bounded(self, (self.out_channels, *sizes))

    def _slides(self) -> tuple[Slide, ...]:
        if self.padding == "same":
            return slides(self.axes, self.kernel_size, 1, self._kept(), self.dilation)
        return slides(self.axes, self.kernel_size, self.stride, self.padding, self.dilation)

    def _kept(self) -> tuple[int, ...]:
        """The padding in front that keeps the size; behind there is one more for even windows."""
        return tuple((slide.reach - 1) // 2 for slide in self._unpadded())

    def _unpadded(self) -> tuple[Slide, ...]:
        return slides(self.axes, self.kernel_size, 1, 0, self.dilation)

    def _refuse_same(self) -> None:
        raise ShapeError(
            "has padding=same, which torch only takes with stride 1.",
            fixes=[
                Fix("set stride=1", (self.replace(stride=1),)),
                Fix("set padding=0", (self.replace(padding=0),)),
            ],
        )

    def _check_padding_mode(self, in_shape: Shape) -> None:
        room = {"reflect": -1, "circular": 0}.get(self.padding_mode)
        if room is None:
            return
        sides = zip(self._most_padding(), in_shape[1:], strict=True)
        if any(pad > size + room for pad, size in sides):
            raise ShapeError(
                "has padding_mode={mode}, which can't add more than there is in its {came} input.",
                fixes=[
                    Fix("set padding_mode=zeros", (self.replace(padding_mode="zeros"),)),
                    Fix("set padding=0", (self.replace(padding=0),)),
                ],
                mode=self.padding_mode,
                came=size_text(in_shape[1:]),
            )

    def _most_padding(self) -> tuple[int, ...]:
        if self.padding == "same":
            return tuple(slide.reach // 2 for slide in self._unpadded())
        return spread(self.padding, self.axes)

    def parameter_count(self, in_shape: Shape) -> int:
        return self._weights(in_shape[0], self.groups) + self.out_channels * self.bias

    def multiply_adds(self, in_shape: Shape) -> int:
        return prod(self.out_shape(in_shape)[1:]) * self._weights(in_shape[0], self.groups)

    def windows(self, in_shape: Shape) -> tuple[Window, ...] | None:
        return tuple(slide.window for slide in self._slides())

    def saved(self, in_shape: Shape) -> Saved:
        """The input, or its padded copy where torch makes one."""
        extra = self._copied_padding()
        if self.padding_mode == "zeros" and not any(extra):
            return Saved(input=True)
        sizes = (size + more for size, more in zip(in_shape[1:], extra, strict=True))
        both = self.padding_mode in ("reflect", "replicate")
        return Saved(input=both, numbers=in_shape[0] * prod(sizes))

    def _copied_padding(self) -> tuple[int, ...]:
        """How much larger than the input that copy is, on each axis."""
        if self.padding_mode == "zeros":
            same = self.padding == "same"  # for even windows, one more at the far end
            return tuple((slide.reach - 1) % 2 * same for slide in self._unpadded())
        if self.padding == "same":
            return tuple(slide.reach - 1 for slide in self._unpadded())
        return tuple(2 * pad for pad in self._most_padding())

    def words(self) -> str:
        told = f"{self.out_channels} kernels {size_text(spread(self.kernel_size, self.axes))}"
        told += f" · stride {size_text(self.stride)} · padding {size_text(self.padding)}"
        if set(spread(self.dilation, self.axes)) != {1}:
            told += f" · dilation {size_text(self.dilation)}"
        return told + (f" · {self.groups} groups" if self.groups > 1 else "")

    def formula(self, in_shape: Shape) -> str:
        if self.padding == "same":
            return f"out = {size_text(in_shape[1:])}, kept by padding"
        return slide_formula(self._slides(), in_shape)


class Conv1d(_Conv):
    """torch.nn.Conv1d over (channels, length); `in_channels` follows from the input."""

    summary: ClassVar[str] = (
        "Slides each kernel along the signal and adds up the products: one feature map per kernel."
    )
    short: ClassVar[str] = "conv"
    axes: ClassVar[int] = 1

    kernel_size: Size = Field(default=3, title="Kernel size", description="Length of a kernel.")
    stride: Size = Field(
        default=1, title="Stride", description="Steps from one window to the next."
    )
    padding: Extent | Literal["same"] = Field(
        default=0,
        title="Padding",
        description="Values added at each end; same keeps the length (with stride 1).",
    )
    dilation: Size = Field(
        default=1, title="Dilation", description="Steps between neighbours in a kernel."
    )


class Conv2d(_Conv):
    """torch.nn.Conv2d over (channels, height, width); `in_channels` follows from the input."""

    summary: ClassVar[str] = (
        "Slides each kernel over the image and adds up the products: one feature map per kernel."
    )
    short: ClassVar[str] = "conv"
    axes: ClassVar[int] = 2

    kernel_size: Pair = Field(
        default=3, title="Kernel size", description="Height and width of a kernel: 3, or 3 × 5."
    )
    stride: Pair = Field(
        default=1, title="Stride", description="Pixels from one window to the next."
    )
    padding: PaddingPair | Literal["same"] = Field(
        default=0,
        title="Padding",
        description="Pixels added on each side; same keeps the size (with stride 1).",
    )
    dilation: Pair = Field(
        default=1, title="Dilation", description="Pixels between neighbours in a kernel."
    )


class Conv3d(_Conv):
    """torch.nn.Conv3d over (channels, depth, height, width); `in_channels` follows from it."""

    summary: ClassVar[str] = (
        "Slides each kernel through the volume and adds up the products: one feature map each."
    )
    short: ClassVar[str] = "conv"
    axes: ClassVar[int] = 3

    kernel_size: Triple = Field(
        default=3,
        title="Kernel size",
        description="Depth, height and width of a kernel: 3, or 3 × 5 × 5.",
    )
    stride: Triple = Field(
        default=1, title="Stride", description="Voxels from one window to the next."
    )
    padding: PaddingTriple | Literal["same"] = Field(
        default=0,
        title="Padding",
        description="Voxels added on each side; same keeps the size (with stride 1).",
    )
    dilation: Triple = Field(
        default=1, title="Dilation", description="Voxels between neighbours in a kernel."
    )
