"""The arithmetic of sliding windows, shared by convolution and pooling.

Output size: floor((in + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1, as in the
documentation of `torch.nn.Conv2d` and `torch.nn.MaxPool2d`.
"""

from collections.abc import Sequence
from typing import NoReturn

from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, shape_text
from workbench.core.spec import Extent, Size

Pair = Size | tuple[Size, Size]
Padding = Extent | tuple[Extent, Extent]


def both(value: int | Sequence[int]) -> tuple[int, int]:
    """`3` as `(3, 3)`; `(3, 5)` as it is: height, width."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def pair_text(value: int | Sequence[int] | str) -> str:
    """A size as a card tells it: `3×3` for a pair, `same` for a word, `1` for a plain number."""
    if isinstance(value, int | str):
        return str(value)
    return "×".join(map(str, value))


def needs_image(layer: LayerSpec, in_shape: Shape) -> None:
    """Refuse what is not channels, height, width.

    Raises:
        ShapeError: the fix removes the layer.
    """
    if len(in_shape) != 3:
        raise ShapeError(
            "gets {came}, needs an image: channels × height × width.",
            fixes=[Fix("remove the layer", ())],
            came=shape_text(in_shape),
        )


def window_size(
    layer: LayerSpec,
    in_shape: Shape,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int],
    dilation: int | tuple[int, int] = 1,
) -> tuple[int, int]:
    """Height and width behind a window that slides over (channels, height, width).

    Raises:
        ShapeError: the window is larger than the padded image.
    """
    sides = zip(
        in_shape[1:], both(kernel_size), both(stride), both(padding), both(dilation), strict=True
    )
    height, width = (
        (size + 2 * pad - gap * (kernel - 1) - 1) // step + 1
        for size, kernel, step, pad, gap in sides
    )
    if height < 1 or width < 1:
        _too_small(layer, in_shape, kernel_size)
    return height, width


def _too_small(layer: LayerSpec, in_shape: Shape, kernel_size: int | tuple[int, int]) -> NoReturn:
    smallest = min(in_shape[1:])
    # torch's pooling refuses a padding above half the window, so a smaller window drops it.
    smaller = {"kernel_size": smallest, "padding": 0}
    if "dilation" in type(layer).model_fields:
        smaller["dilation"] = 1
    raise ShapeError(
        "has a window of {kernel}, larger than its {came} input.",
        fixes=[
            Fix(f"set kernel_size={smallest}", (layer.replace(**smaller),)),
            Fix("remove the layer", ()),
        ],
        kernel="×".join(map(str, both(kernel_size))),
        came=pair_text(in_shape[1:]),
    )


def size_formula(
    size: int,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int],
    dilation: int | tuple[int, int] = 1,
) -> str:
    """The output height with its numbers: `out = ⌊(28 + 2·1 − 3) / 1⌋ + 1 = 28`."""
    kernel, step, pad, gap = (both(v)[0] for v in (kernel_size, stride, padding, dilation))
    reach = gap * (kernel - 1) + 1
    window = f"{kernel}" if gap == 1 else f"({gap}·({kernel} − 1) + 1)"
    out = (size + 2 * pad - reach) // step + 1
    return f"out = ⌊({size} + 2·{pad} − {window}) / {step}⌋ + 1 = {out}"
