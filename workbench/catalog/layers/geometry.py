"""The arithmetic of sliding windows, shared by convolution and pooling.

Output size: floor((in + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, as in the
documentation of `torch.nn.Conv2d` and `torch.nn.MaxPool2d`. With `ceil_mode` it is rounded up,
but no window may start behind the input and its left padding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, NoReturn

from pydantic import Field

from workbench.catalog.layers.repairs import removed
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, Window, shape_text
from workbench.core.spec import Extent, Size

Sizes = Size | tuple[Size, ...]
Pair = Size | tuple[Size, Size]
Triple = Size | tuple[Size, Size, Size]
Paddings = Extent | tuple[Extent, ...]
PaddingPair = Extent | tuple[Extent, Extent]
PaddingTriple = Extent | tuple[Extent, Extent, Extent]
Side = Annotated[int, Field(strict=True, ge=1, le=10_000)]
"""A height, a width or a length that is asked for outright."""

MOST_VALUES = 2**30
"""What one sample may grow to: 4 GB."""

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def spread(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """`3` as `(3, 3)` for two axes; `(3, 5)` as it is: height, width."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def size_text(value: int | Sequence[int] | str) -> str:
    """A size as a card tells it: `3×3` for a pair, `same` for a word, `1` for a plain number."""
    if isinstance(value, int | str):
        return str(value)
    return "×".join(map(str, value))


@dataclass(frozen=True)
class Slide:
    """A window that slides along one axis."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    ceil_mode: bool = False

    @property
    def reach(self) -> int:
        """From the first input in the window to the last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def window(self) -> Window:
        """What it sees of its input."""
        return Window(self.reach, self.stride, self.padding)

    def out(self, size: int) -> int:
        """How many windows find room along `size` inputs; below 1 if none does."""
        room = size + 2 * self.padding - self.reach
        if not self.ceil_mode:
            return room // self.stride + 1
        count = -(-room // self.stride) + 1
        return count - self._last_is_outside(count, size)

    def _last_is_outside(self, count: int, size: int) -> bool:
        return (count - 1) * self.stride >= size + self.padding

    def formula(self, size: int) -> str:
        """Its output size with its numbers: `⌊(28 + 2·1 − 3) / 1⌋ + 1 = 28`."""
        gap = self.dilation
        window = f"{self.kernel}" if gap == 1 else f"({gap}·({self.kernel} − 1) + 1)"
        left, right = "⌈⌉" if self.ceil_mode else "⌊⌋"
        told = f"{left}({size} + 2·{self.padding} − {window}) / {self.stride}{right}"
        out = self.out(size)
        full = -(-(size + 2 * self.padding - self.reach) // self.stride) + 1
        return f"{told} = {out}" if self.ceil_mode and out < full else f"{told} + 1 = {out}"


def slides(
    axes: int,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> tuple[Slide, ...]:
    """The arguments of a window, given once or for each axis, as one `Slide` for each axis."""
    kernels, steps, pads, gaps = (
        spread(value, axes) for value in (kernel_size, stride, padding, dilation)
    )
    each = zip(kernels, steps, pads, gaps, strict=True)
    return tuple(Slide(kernel, step, pad, gap, ceil_mode) for kernel, step, pad, gap in each)


def slid(layer: LayerSpec, in_shape: Shape, windows: Sequence[Slide]) -> tuple[int, ...]:
    """The sizes behind windows that slide over (channels, ...).

    Raises:
        ShapeError: a window is larger than its padded input.
    """
    sizes = tuple(slide.out(size) for slide, size in zip(windows, in_shape[1:], strict=True))
    if min(sizes) < 1:
        _too_small(layer, in_shape, windows)
    return sizes


def _too_small(layer: LayerSpec, in_shape: Shape, windows: Sequence[Slide]) -> NoReturn:
    smallest = min(in_shape[1:])
    # torch's pooling refuses a padding above half the window, so a smaller window drops it.
    smaller = {"kernel_size": smallest, "padding": 0}
    if "dilation" in type(layer).model_fields:
        smaller["dilation"] = 1
    raise ShapeError(
        "has a window of {kernel}, larger than its {came} input.",
        fixes=[
            Fix("set kernel_size={size}", (layer.replace(**smaller),), size=smallest),
            removed(),
        ],
        kernel=size_text([slide.kernel for slide in windows]),
        came=size_text(in_shape[1:]),
    )


def slide_formula(windows: Sequence[Slide], in_shape: Shape) -> str:
    """The output sizes with their numbers, once where all axes are alike, else a line for each."""
    each = list(zip(windows, in_shape[1:], strict=True))
    if len(set(each)) == 1:
        slide, size = each[0]
        return f"out = {slide.formula(size)}"
    return "\n".join(_lines(each))


def _lines(each: Sequence[tuple[Slide, int]]) -> Iterator[str]:
    for name, (slide, size) in zip(AXES[len(each)], each, strict=True):
        yield f"{name} = {slide.formula(size)}"


def bounded(layer: LayerSpec, out_shape: Shape) -> Shape:
    """`out_shape`, unless no machine holds it.

    Raises:
        ShapeError: the fix removes the layer.
    """
    if prod(out_shape) > MOST_VALUES:
        raise ShapeError(
            "makes {out} of every sample, more than a machine holds. Make it smaller.",
            fixes=[removed()],
            out=shape_text(out_shape),
        )
    return out_shape
