"""Transforms that change the size of images."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from workbench.catalog.transforms.drawing import (
    PLACES,
    RECTANGLES,
    UNIFORM,
    V2,
    Interpolation,
    Ratio,
    Share,
    Shares,
    Sides,
    mode_source,
    pair_of,
    places,
    rectangles,
)
from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.spec import Extent
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor

CROPPED = '''
def cropped(images, generator, height, width):
    """A part of each image, from anywhere."""
    room = torch.tensor([[images.shape[-2] - height], [images.shape[-1] - width]])
    tops, lefts = places(generator, room.expand(2, len(images))).tolist()
    corners = zip(images, tops, lefts)
    cuts = [image[:, top : top + height, left : left + width] for image, top, left in corners]
    return torch.stack(cuts)
'''
RESIZED_CROP = '''
def resized_crop(images, generator, size, scale, ratio, middle, **how):
    """A part of each image, of random size and shape, scaled to size; the middle if none fits."""
    sides = images.shape[-2:]
    heights, widths, fits = rectangles(generator, len(images), sides, sides, scale, ratio)
    heights = heights.where(fits, torch.tensor(middle[0]))
    widths = widths.where(fits, torch.tensor(middle[1]))
    room = torch.stack([sides[0] - heights, sides[1] - widths])
    tops, lefts = places(generator, room).where(fits, room // 2)
    boxes = torch.stack([tops, tops + heights, lefts, lefts + widths], 1).tolist()
    cuts = [
        v2.functional.resize(image[None, :, top:bottom, left:right], size, **how)
        for image, (top, bottom, left, right) in zip(images, boxes)
    ]
    return torch.cat(cuts)
'''


def resized(inputs: "Tensor", sides: tuple[int, int], interpolation: str) -> "Tensor":
    """A batch at another size, smoothed where it becomes smaller."""
    from torch.nn.functional import interpolate

    if tuple(inputs.shape[-2:]) == sides:
        return inputs
    if interpolation == "nearest":
        return interpolate(inputs, sides, mode="nearest")
    # What torchvision's `resize` calls: for a single sample, the way there takes as long.
    return interpolate(inputs, sides, mode=interpolation, align_corners=False, antialias=True)


class Resize(TransformSpec):
    """torchvision.transforms.v2.Resize."""

    summary: ClassVar[str] = "Scales images: one number is the shorter side, a pair is exact."

    size: Sides = Field(default=64, description="The shorter side, or height × width.")
    interpolation: Interpolation = "bilinear"

    def out_shape(self, in_shape: Shape) -> Shape:
        channels, height, width = self.image(in_shape)
        return (channels, *self._sides(height, width))

    def apply(self, inputs: "Tensor") -> "Tensor":
        return resized(inputs, self._sides(*inputs.shape[-2:]), self.interpolation)

    def apply_source(self, in_shape: Shape) -> Source:
        return _resized_source(in_shape, self.out_shape(in_shape), self.interpolation)

    def _sides(self, height: int, width: int) -> tuple[int, int]:
        if not isinstance(self.size, int):
            return self.size
        longer = int(self.size * max(height, width) / min(height, width))
        return (longer, self.size) if height > width else (self.size, longer)


def _resized_source(in_shape: Shape, out_shape: Shape, interpolation: str) -> Source:
    sides = list(out_shape[1:])
    if sides == list(in_shape[1:]):
        return Source(())
    mode, constants = mode_source(interpolation)
    line = f"inputs = v2.functional.resize(inputs, {sides}{mode})"
    return Source((line,), (V2,), constants=constants)


def _centered_source(in_shape: Shape, sides: tuple[int, int]) -> Source:
    if sides == tuple(in_shape[1:]):
        return Source(())
    return Source((f"inputs = v2.functional.center_crop(inputs, {list(sides)})",), (V2,))


class CenterCrop(TransformSpec):
    """torchvision.transforms.v2.CenterCrop."""

    summary: ClassVar[str] = "Cuts out the middle; smaller images get a black border."

    size: Sides = Field(default=64, description="Height × width; one number is both.")

    def out_shape(self, in_shape: Shape) -> Shape:
        return (self.image(in_shape)[0], *pair_of(self.size))

    def apply(self, inputs: "Tensor") -> "Tensor":
        return centered(inputs, pair_of(self.size))

    def apply_source(self, in_shape: Shape) -> Source:
        return _centered_source(in_shape, pair_of(self.size))


def centered(inputs: "Tensor", sides: tuple[int, int]) -> "Tensor":
    """The middle of a batch."""
    from torchvision.transforms.v2 import functional

    cut: Tensor = functional.center_crop(inputs, list(sides))
    return cut


class RandomCrop(TransformSpec):
    """torchvision.transforms.v2.RandomCrop."""

    summary: ClassVar[str] = (
        "Cuts out a part at random, after adding a border; evaluation gets the middle."
    )
    train_only: ClassVar[bool] = True

    size: Sides = Field(default=28, description="Height × width; one number is both.")
    padding: Extent = Field(default=0, le=1024, description="Border added first, in pixels.")
    fill: Share = Field(default=0.0, description="Value of the border: 0 is black, 1 is white.")
    padding_mode: Literal["constant", "edge", "reflect"] = "constant"

    def out_shape(self, in_shape: Shape) -> Shape:
        channels, height, width = self.image(in_shape)
        sides = pair_of(self.size)
        if sides[0] > height + 2 * self.padding or sides[1] > width + 2 * self.padding:
            raise UserError(
                "RandomCrop can't cut {wanted} out of {held}: make size smaller, or padding "
                "larger.",
                wanted=f"{sides[0]} × {sides[1]}",
                held=f"{height + 2 * self.padding} × {width + 2 * self.padding}",
            )
        if self.padding_mode == "reflect" and self.padding >= min(height, width):
            raise UserError(
                "RandomCrop can't reflect {padding} pixels of an image of {height} × {width}: make "
                "padding smaller.",
                padding=self.padding,
                height=height,
                width=width,
            )
        return (channels, *sides)

    def apply(self, inputs: "Tensor") -> "Tensor":
        return centered(inputs, pair_of(self.size))

    def corners(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """Top and left (2, n) of what is cut out of the samples with their border."""
        import torch

        room = [
            side + 2 * self.padding - size
            for side, size in zip(inputs.shape[-2:], pair_of(self.size), strict=True)
        ]
        return places(generator, torch.tensor(room)[:, None].expand(2, len(inputs)))

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        (height, width), (tops, lefts) = pair_of(self.size), self.corners(inputs, generator)
        held = self._padded(inputs)
        cuts = [
            sample[:, top : top + height, left : left + width]
            for sample, top, left in zip(held, tops.tolist(), lefts.tolist(), strict=True)
        ]
        return torch.stack(cuts)

    def _padded(self, inputs: "Tensor") -> "Tensor":
        from torchvision.transforms.v2 import functional

        if not self.padding:
            return inputs
        made: Tensor = functional.pad(inputs, [self.padding], self.fill, self.padding_mode)
        return made

    def apply_source(self, in_shape: Shape) -> Source:
        return _centered_source(in_shape, pair_of(self.size))

    def source(self, in_shape: Shape) -> Source:
        height, width = pair_of(self.size)
        cut = f"inputs = cropped(inputs, generator, {height}, {width})"
        if not self.padding:
            return Source((cut,), functions=(PLACES, CROPPED))
        more = f", fill={self.fill!r}" if self.fill else ""
        if self.padding_mode != "constant":
            more += f', padding_mode="{self.padding_mode}"'
        border = f"inputs = v2.functional.pad(inputs, [{self.padding}]{more})"
        return Source((border, cut), (V2,), functions=(PLACES, CROPPED))


class RandomResizedCrop(TransformSpec):
    """torchvision.transforms.v2.RandomResizedCrop."""

    summary: ClassVar[str] = (
        "Cuts out a part of random size and scales it; evaluation gets the middle at full size."
    )
    train_only: ClassVar[bool] = True

    size: Sides = Field(default=64, description="Height × width; one number is both.")
    scale: Shares = Field(default=(0.08, 1.0), description="Least and largest share of the area.")
    ratio: Ratio = Field(default=(3 / 4, 4 / 3), description="Least and largest width to height.")
    interpolation: Interpolation = "bilinear"

    def out_shape(self, in_shape: Shape) -> Shape:
        return (self.image(in_shape)[0], *pair_of(self.size))

    def apply(self, inputs: "Tensor") -> "Tensor":
        sides = pair_of(self.size)
        height, width = inputs.shape[-2:]
        scale = max(sides[0] / height, sides[1] / width)
        covering = (max(sides[0], round(height * scale)), max(sides[1], round(width * scale)))
        return centered(resized(inputs, covering, self.interpolation), sides)

    def apply_source(self, in_shape: Shape) -> Source:
        sides, (height, width) = pair_of(self.size), in_shape[1:]
        scale = max(sides[0] / height, sides[1] / width)
        covering = (1, max(sides[0], round(height * scale)), max(sides[1], round(width * scale)))
        first = _resized_source(in_shape, covering, self.interpolation)
        second = _centered_source(covering, sides)
        lines, imports = first.lines + second.lines, first.imports + second.imports
        return Source(lines, imports, constants=first.constants)

    def source(self, in_shape: Shape) -> Source:
        middle = self._middle(*in_shape[1:])
        mode, constants = mode_source(self.interpolation)
        told = f"{list(pair_of(self.size))}, {self.scale}, {self.ratio}, {middle}{mode}"
        line = f"inputs = resized_crop(inputs, generator, {told})"
        functions = (UNIFORM, PLACES, RECTANGLES, RESIZED_CROP)
        return Source((line,), (V2, "import math"), functions=functions, constants=constants)

    def boxes(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """Top, left, height and width (4, n) of what is cut out; the middle where none fits."""
        import torch

        sides = (inputs.shape[-2], inputs.shape[-1])
        height, width, fits = rectangles(
            generator, len(inputs), sides, self.scale, self.ratio, smaller=False
        )
        middle = self._middle(*sides)
        height = torch.where(fits, height, middle[0])
        width = torch.where(fits, width, middle[1])
        room = torch.stack([sides[0] - height, sides[1] - width])
        corners = torch.where(fits, places(generator, room), room // 2)
        return torch.cat([corners, torch.stack([height, width])])

    def _middle(self, height: int, width: int) -> tuple[int, int]:
        if width / height < self.ratio[0]:
            return min(height, round(width / self.ratio[0])), width
        return height, min(width, round(height * self.ratio[1]))

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        boxes = self.boxes(inputs, generator).T.tolist()
        cuts = [
            resized(
                sample[None, :, top : top + height, left : left + width],
                pair_of(self.size),
                self.interpolation,
            )
            for sample, (top, left, height, width) in zip(inputs, boxes, strict=True)
        ]
        return torch.cat(cuts)
