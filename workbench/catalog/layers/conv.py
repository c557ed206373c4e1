"""Convolutions."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.catalog.layers.geometry import (
    Padding,
    Pair,
    both,
    needs_image,
    pair_text,
    size_formula,
    window_size,
)
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError
from workbench.core.spec import Size


class Conv2d(LayerSpec):
    """torch.nn.Conv2d; `in_channels` follows from the input."""

    category: ClassVar[str] = "Convolution"
    summary: ClassVar[str] = (
        "Slides each kernel over the image and adds up the products: one feature map per kernel."
    )
    short: ClassVar[str] = "conv"

    out_channels: Size = Field(
        default=16, title="Output channels", description="Number of kernels, and of feature maps."
    )
    kernel_size: Pair = Field(
        default=3, title="Kernel size", description="Height and width of a kernel: 3, or 3 × 5."
    )
    stride: Pair = Field(
        default=1, title="Stride", description="Pixels from one window to the next."
    )
    padding: Padding | Literal["same"] = Field(
        default=0,
        title="Padding",
        description="Zeros added on each side; same keeps the size (with stride 1).",
    )
    dilation: Pair = Field(
        default=1, title="Dilation", description="Pixels between neighbours in a kernel."
    )
    groups: Size = Field(
        default=1,
        title="Groups",
        description="Channels are convolved in this many separate groups.",
    )
    bias: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Bias", description="Add a learned number to each feature map."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_image(self, in_shape)
        self._check_channels(in_shape[0])
        if self.padding == "same":
            self._check_same()
            return self.out_channels, *in_shape[1:]
        height, width = window_size(
            self, in_shape, self.kernel_size, self.stride, self.padding, self.dilation
        )
        return self.out_channels, height, width

    def _check_channels(self, in_channels: int) -> None:
        if in_channels % self.groups or self.out_channels % self.groups:
            raise ShapeError(
                "has groups={groups}, which must divide both its {came} input and {out} output "
                "channels.",
                fixes=[Fix("set groups=1", (self.replace(groups=1),))],
                groups=self.groups,
                came=in_channels,
                out=self.out_channels,
            )

    def _check_same(self) -> None:
        if both(self.stride) != (1, 1):
            raise ShapeError(
                "has padding=same, which torch only takes with stride 1.",
                fixes=[
                    Fix("set stride=1", (self.replace(stride=1),)),
                    Fix("set padding=0", (self.replace(padding=0),)),
                ],
            )

    def parameter_count(self, in_shape: Shape) -> int:
        height, width = both(self.kernel_size)
        weights = self.out_channels * (in_shape[0] // self.groups) * height * width
        return weights + self.out_channels * self.bias

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        required = {
            "in_channels": in_shape[0],
            "out_channels": self.out_channels,
            "kernel_size": self.kernel_size,
        }
        return required | super().arguments(in_shape)

    def words(self) -> str:
        told = f"{self.out_channels} kernels {pair_text(both(self.kernel_size))}"
        told += f" · stride {pair_text(self.stride)} · padding {pair_text(self.padding)}"
        if both(self.dilation) != (1, 1):
            told += f" · dilation {pair_text(self.dilation)}"
        return told + (f" · {self.groups} groups" if self.groups > 1 else "")

    def formula(self, in_shape: Shape) -> str:
        if self.padding == "same":
            return f"out = {pair_text(in_shape[1:3])}, kept by padding"
        return size_formula(in_shape[1], self.kernel_size, self.stride, self.padding, self.dilation)
