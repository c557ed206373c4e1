"""Transforms that mirror, turn, shift and shear images."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field

from workbench.catalog.transforms.drawing import (
    UNIFORM,
    Degrees,
    Interpolation,
    Ratio,
    Share,
    around,
    per_sample,
    uniform,
)
from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor


NN = "from torch import nn"
FLIPPED = '''
def flipped(images, generator, p, axis):
    """Images of which some are mirrored."""
    chosen = uniform(generator, len(images)) < p
    return images.flip(axis).where(chosen.to(images.device)[:, None, None, None], images)
'''
WARPED = '''
def warped(images, maps, mode="nearest", fill=0.0):
    """Images of which each pixel comes from where its map says, in pixels from the middle."""
    height, width = images.shape[-2:]
    half = torch.tensor([width / 2, height / 2, 1.0], dtype=maps.dtype)
    theta = (maps * half / half[:2, None]).to(images)
    grid = nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    made = nn.functional.grid_sample(images - fill, grid, mode=mode, align_corners=False)
    return made + fill
'''
ROTATED = '''
def rotated(images, generator, low, high, **how):
    """Images turned counter-clockwise by angles between two."""
    turn = -uniform(generator, len(images), low, high).deg2rad()
    still = torch.zeros_like(turn)
    maps = [turn.cos(), turn.sin(), still, -turn.sin(), turn.cos(), still]
    return warped(images, torch.stack(maps, 1).view(-1, 2, 3), **how)
'''
AFFINE = '''
def affine(images, generator, degrees, translate, scale, shear, **how):
    """Images turned, shifted, scaled and sheared about the middle."""
    n, (height, width) = len(images), images.shape[-2:]
    turn = uniform(generator, n, *degrees).deg2rad()
    across, down = translate[0] * width, translate[1] * height
    dx = uniform(generator, n, -across, across).round()
    dy = uniform(generator, n, -down, down).round()
    factor = uniform(generator, n, *scale)
    x = uniform(generator, n, *shear).deg2rad()
    b = -turn.cos() * x.tan() - turn.sin()
    d = -turn.sin() * x.tan() + turn.cos()
    rows = torch.stack([torch.stack([d, -b], 1), torch.stack([-turn.sin(), turn.cos()], 1)], 1)
    rows = rows / factor[:, None, None]
    shift = -rows @ torch.stack([dx, dy], 1)[:, :, None]
    return warped(images, torch.cat([rows, shift], 2), **how)
'''


def _how_source(interpolation: str, fill: float) -> str:
    how = f', mode="{interpolation}"' if interpolation != "nearest" else ""
    return how + (f", fill={fill!r}" if fill else "")


class _Flip(TransformSpec, abstract=True):
    train_only: ClassVar[bool] = True
    axis: ClassVar[int]

    p: Share = Field(default=0.5, description="Probability.")

    def chosen(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """Which samples (n,) are mirrored."""
        return uniform(generator, len(inputs)) < self.p

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        chosen = per_sample(self.chosen(inputs, generator), inputs)
        return inputs.flip(self.axis).where(chosen, inputs)

    def source(self, in_shape: Shape) -> Source:
        line = f"inputs = flipped(inputs, generator, {self.p!r}, {self.axis})"
        return Source((line,), functions=(UNIFORM, FLIPPED))


class RandomHorizontalFlip(_Flip):
    """torchvision.transforms.v2.RandomHorizontalFlip."""

    summary: ClassVar[str] = "Mirrors left and right."
    axis: ClassVar[int] = -1


class RandomVerticalFlip(_Flip):
    """torchvision.transforms.v2.RandomVerticalFlip."""

    summary: ClassVar[str] = "Mirrors top and bottom."
    axis: ClassVar[int] = -2


def _not_negative(amount: "float | tuple[float, float]") -> "float | tuple[float, float]":
    low, high = around(amount)
    if low > high:
        raise ValueError("one number must not be negative; of two, the smaller comes first")
    return amount


Angles = Annotated[Degrees | tuple[Degrees, Degrees], AfterValidator(_not_negative)]


class RandomRotation(TransformSpec):
    """torchvision.transforms.v2.RandomRotation."""

    summary: ClassVar[str] = "Turns counter-clockwise by a random angle."
    train_only: ClassVar[bool] = True

    degrees: Angles = Field(default=10.0, description="From minus this to this, or a range.")
    interpolation: Interpolation = "nearest"
    fill: Share = Field(default=0.0, description="Value of the corners: 0 is black, 1 is white.")

    def angles(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """Degrees (n,), counter-clockwise."""
        return uniform(generator, len(inputs), *around(self.degrees))

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        angles = self.angles(inputs, generator)
        still = torch.zeros_like(angles)
        maps = inverse_maps(-angles, (still, still), torch.ones_like(angles), (still, still))
        return warped(inputs, maps, self.interpolation, self.fill)

    def source(self, in_shape: Shape) -> Source:
        low, high = around(self.degrees)
        how = _how_source(self.interpolation, self.fill)
        line = f"inputs = rotated(inputs, generator, {low!r}, {high!r}{how})"
        return Source((line,), (NN,), functions=(UNIFORM, WARPED, ROTATED))


class RandomAffine(TransformSpec):
    """torchvision.transforms.v2.RandomAffine."""

    summary: ClassVar[str] = "Turns, shifts, scales and shears at random about the middle."
    train_only: ClassVar[bool] = True

    degrees: Angles = Field(default=10.0, description="From minus this to this, or a range.")
    translate: tuple[Share, Share] | None = Field(
        default=None, description="Largest shift as a share of width and of height."
    )
    scale: Ratio | None = Field(default=None, description="Least and largest factor.")
    shear: Angles | None = Field(
        default=None, description="Degrees along x: from minus this to this, or a range."
    )
    interpolation: Interpolation = "nearest"
    fill: Share = Field(default=0.0, description="Value of the corners: 0 is black, 1 is white.")

    def parameters(self, inputs: "Tensor", generator: "Generator") -> dict[str, "Tensor"]:
        """`angle` and `shear` in degrees, `scale`, and `dx`, `dy` in whole pixels; each (n,)."""
        n, (height, width) = len(inputs), inputs.shape[-2:]
        across, down = self.translate or (0.0, 0.0)
        return {
            "angle": uniform(generator, n, *around(self.degrees)),
            "dx": uniform(generator, n, -across * width, across * width).round(),
            "dy": uniform(generator, n, -down * height, down * height).round(),
            "scale": uniform(generator, n, *(self.scale or (1.0, 1.0))),
            "shear": uniform(generator, n, *around(self.shear or 0.0)),
        }

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        drawn = self.parameters(inputs, generator)
        shift, shear = (drawn["dx"], drawn["dy"]), drawn["shear"]
        maps = inverse_maps(drawn["angle"], shift, drawn["scale"], (shear, torch.zeros_like(shear)))
        return warped(inputs, maps, self.interpolation, self.fill)

    def source(self, in_shape: Shape) -> Source:
        told = {
            "degrees": around(self.degrees),
            "translate": self.translate or (0.0, 0.0),
            "scale": self.scale or (1.0, 1.0),
            "shear": around(self.shear or 0.0),
        }
        given = ", ".join(f"{name}={value}" for name, value in told.items())
        how = _how_source(self.interpolation, self.fill)
        line = f"inputs = affine(inputs, generator, {given}{how})"
        return Source((line,), (NN,), functions=(UNIFORM, WARPED, AFFINE))


def inverse_maps(
    angle: "Tensor",
    shift: tuple["Tensor", "Tensor"],
    scale: "Tensor",
    shear: tuple["Tensor", "Tensor"],
) -> "Tensor":
    """From the place of a pixel to where its value comes from: (n, 2, 3), in pixels from the
    middle. Angles are degrees, clockwise.

    The inverse of RotateShearScale and a shift, as torchvision composes them:
    https://github.com/pytorch/vision/blob/main/torchvision/transforms/functional.py
    """
    import torch

    turn, (x, y) = angle.deg2rad(), (part.deg2rad() for part in shear)
    a = (turn - y).cos() / y.cos()
    b = -a * x.tan() - turn.sin()
    c = (turn - y).sin() / y.cos()
    d = -c * x.tan() + turn.cos()
    rows = torch.stack([torch.stack([d, -b], 1), torch.stack([-c, a], 1)], 1)
    rows = rows / scale[:, None, None]
    return torch.cat([rows, -rows @ torch.stack(shift, 1)[:, :, None]], 2)


def warped(inputs: "Tensor", maps: "Tensor", interpolation: str, fill: float) -> "Tensor":
    """Every sample by its own map; what comes from outside of it is `fill`."""
    import torch
    from torch.nn import functional

    height, width = inputs.shape[-2:]
    half = torch.tensor([width / 2, height / 2, 1.0], dtype=maps.dtype)
    theta = (maps * half / half[:2, None]).to(inputs)  # -1 and 1 are the borders here
    grid = functional.affine_grid(theta, list(inputs.shape), align_corners=False)
    # Zero outside is what grid_sample gives: with `fill` as zero, borders blend with it too.
    made = functional.grid_sample(
        inputs - fill if fill else inputs, grid, mode=interpolation, align_corners=False
    )
    return made + fill if fill else made
