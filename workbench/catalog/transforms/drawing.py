"""What the transforms share: types of their arguments, and numbers drawn for every sample."""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from workbench.core.spec import Number

if TYPE_CHECKING:
    from torch import Generator, Tensor

# Bounded so that no file can ask for images that no machine holds.
Pixels = Annotated[int, Field(strict=True, ge=1, le=4096)]
Sides = Pixels | tuple[Pixels, Pixels]
Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
Degrees = Annotated[float, Field(strict=True, ge=-360.0, le=360.0)]
Interpolation = Literal["nearest", "bilinear"]
V2 = "from torchvision.transforms import v2"
"""What texts import for torchvision's functions."""
UNIFORM = '''
def uniform(generator, size, low=0.0, high=1.0):
    """Numbers drawn evenly."""
    return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)
'''
PLACES = '''
def places(generator, room):
    """A whole number from 0 to each of room, both included."""
    drawn = torch.rand(room.shape, generator=generator, dtype=torch.float64)
    return (drawn * (room + 1)).long()
'''
RECTANGLES = '''
def rectangles(generator, n, sides, most, scale, ratio):
    """Heights and widths of a share of the area, and whether they fit: the first of ten draws."""
    area = sides[0] * sides[1] * uniform(generator, (10, n), *scale)
    aspect = uniform(generator, (10, n), math.log(ratio[0]), math.log(ratio[1])).exp()
    height, width = (area / aspect).sqrt().round().long(), (area * aspect).sqrt().round().long()
    fits = (height > 0) & (width > 0) & (height <= most[0]) & (width <= most[1])
    first = fits.int().argmax(0, keepdim=True)
    return height.gather(0, first)[0], width.gather(0, first)[0], fits.any(0)
'''
TRIES = 10
"""How often torchvision draws a rectangle until one fits."""


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("the smaller number comes first")
    return pair


Between = Annotated[tuple[Number, Number], AfterValidator(_ascending)]
Positive = Annotated[Number, Field(gt=0.0, le=1000.0)]
Ratio = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]
Shares = Annotated[tuple[Share, Share], AfterValidator(_ascending)]


def pair_of(sides: "int | tuple[int, int]") -> tuple[int, int]:
    """Height and width where one number may stand for both."""
    return (sides, sides) if isinstance(sides, int) else sides


def around(amount: "float | tuple[float, float]", middle: float = 0.0) -> tuple[float, float]:
    """The range that one number means, as torchvision reads it: `middle` - it to `middle` + it."""
    if isinstance(amount, tuple):
        return amount
    return middle - amount, middle + amount


def uniform(generator: "Generator", size: Any, low: float = 0.0, high: float = 1.0) -> "Tensor":
    """Numbers drawn evenly, in double precision so that they say the same on every device."""
    import torch

    return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)


def places(generator: "Generator", room: "Tensor") -> "Tensor":
    """A whole number from 0 to each of `room`, both included."""
    import torch

    drawn = torch.rand(room.shape, generator=generator, dtype=torch.float64)
    return (drawn * (room + 1)).long()


def rectangles(
    generator: "Generator", n: int, sides: tuple[int, int], scale: Any, ratio: Any, smaller: bool
) -> tuple["Tensor", "Tensor", "Tensor"]:
    """Heights and widths (n,) of rectangles of a share `scale` of the area, and whether they fit.

    Drawn `TRIES` times over, the first that fits counts. `ratio` is width to height; `smaller`
    wants them smaller than the image.
    """
    area = sides[0] * sides[1] * uniform(generator, (TRIES, n), *scale)
    aspect = uniform(generator, (TRIES, n), math.log(ratio[0]), math.log(ratio[1])).exp()
    height, width = (area / aspect).sqrt().round().long(), (area * aspect).sqrt().round().long()
    most = (sides[0] - smaller, sides[1] - smaller)
    fits = (height > 0) & (width > 0) & (height <= most[0]) & (width <= most[1])
    first = fits.int().argmax(0, keepdim=True)
    return height.gather(0, first)[0], width.gather(0, first)[0], fits.any(0)


def mode_source(interpolation: str, usual: str = "bilinear") -> tuple[str, tuple[str, ...]]:
    """The argument of torchvision's functions that says it, unless it is their `usual` one, and
    the constant that the argument needs."""
    if interpolation == usual:
        return "", ()
    name = interpolation.upper()
    return f", interpolation={name}", (f"{name} = v2.InterpolationMode.{name}",)


def per_sample(values: "Tensor", like: "Tensor") -> "Tensor":
    """Values (n,) on the device of `like`, to be broadcast over its samples."""
    shape = (-1, *[1] * (like.ndim - 1))
    moved = values if values.dtype.is_floating_point is False else values.to(like.dtype)
    return moved.to(like.device).view(shape)
