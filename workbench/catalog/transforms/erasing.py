"""Covering parts of images."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from workbench.catalog.transforms.drawing import (
    PLACES,
    RECTANGLES,
    UNIFORM,
    Ratio,
    Share,
    Shares,
    per_sample,
    places,
    rectangles,
    uniform,
)
from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor


ERASED = '''
def erased(images, generator, p, scale, ratio, value):
    """Images of which some have a rectangle covered by a value."""
    height, width = images.shape[-2:]
    chosen = uniform(generator, len(images)) < p
    sides, most = (width, height), (width - 1, height - 1)  # the ratio is height to width
    across, down, fits = rectangles(generator, len(images), sides, most, scale, ratio)
    size = torch.stack([down, across]) * (fits & chosen)
    start = places(generator, torch.tensor([[height], [width]]) - size)
    (top, left), (bottom, right) = start.to(images.device), (start + size).to(images.device)
    rows = torch.arange(height, device=images.device)
    columns = torch.arange(width, device=images.device)
    down = (rows >= top[:, None]) & (rows < bottom[:, None])
    across = (columns >= left[:, None]) & (columns < right[:, None])
    covered = down[:, None, :, None] & across[:, None, None, :]
    return images.masked_fill(covered, value)
'''


class RandomErasing(TransformSpec):
    """torchvision.transforms.v2.RandomErasing."""

    summary: ClassVar[str] = "Covers a rectangle with one value."
    train_only: ClassVar[bool] = True

    p: Share = Field(default=0.5, description="Probability.")
    scale: Shares = Field(default=(0.02, 0.33), description="Least and largest share of the area.")
    ratio: Ratio = Field(default=(0.3, 3.3), description="Least and largest height to width.")
    value: Share = Field(default=0.0, description="0 is black, 1 is white.")

    def boxes(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """Top, left, height and width (4, n) of what is covered; without height for nothing."""
        import torch

        height, width = inputs.shape[-2:]
        chosen = uniform(generator, len(inputs)) < self.p
        # Its ratio is height to width, so the rectangles lie on their side.
        across, down, fits = rectangles(
            generator, len(inputs), (width, height), self.scale, self.ratio, smaller=True
        )
        size = torch.stack([down, across]) * (fits & chosen)
        room = torch.tensor([[height], [width]]) - size
        return torch.cat([places(generator, room), size])

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        import torch

        top, left, height, width = (
            per_sample(part, inputs) for part in self.boxes(inputs, generator)
        )
        rows = torch.arange(inputs.shape[-2], device=inputs.device)[:, None]
        columns = torch.arange(inputs.shape[-1], device=inputs.device)
        covered = (rows >= top) & (rows < top + height)
        covered = covered & (columns >= left) & (columns < left + width)
        return inputs.masked_fill(covered, self.value)

    def source(self, in_shape: Shape) -> Source:
        told = f"{self.p!r}, {self.scale}, {self.ratio}, {self.value!r}"
        functions = (UNIFORM, PLACES, RECTANGLES, ERASED)
        line = f"inputs = erased(inputs, generator, {told})"
        return Source((line,), ("import math",), functions=functions)
