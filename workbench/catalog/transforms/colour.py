"""Transforms of colours and values."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from workbench.catalog.transforms.drawing import UNIFORM, V2, Between, around, per_sample, uniform
from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.spec import Number
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor

GREY = '''
def grey(images):
    """The brightness of images."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (red * 0.2989 + green * 0.587 + blue * 0.114)[:, None]
'''
JITTERED = '''
def jittered(images, generator, ranges):
    """Images of other colours, changed in an order that is drawn."""
    names = list(ranges)
    for place in torch.randperm(len(names), generator=generator).tolist():
        factors = uniform(generator, len(images), *ranges[names[place]])
        if names[place] == "hue":
            pairs = zip(images, factors.tolist())
            images = torch.stack([v2.functional.adjust_hue(image, turn) for image, turn in pairs])
            continue
        factors = factors.to(images)[:, None, None, None]
        if names[place] == "brightness":
            images = (images * factors).clamp(0, 1)
            continue
        other = grey(images)
        if names[place] == "contrast":
            other = other.mean((1, 2, 3), keepdim=True)
        images = (images * factors + other * (1 - factors)).clamp(0, 1)
    return images
'''
JITTERED_GREY = '''
def jittered_grey(images, generator, ranges):
    """Images of other brightness and contrast, changed in an order that is drawn."""
    names = list(ranges)
    for place in torch.randperm(len(names), generator=generator).tolist():
        factors = uniform(generator, len(images), *ranges[names[place]]).to(images)
        factors = factors[:, None, None, None]
        if names[place] == "brightness":
            images = (images * factors).clamp(0, 1)
        elif names[place] == "contrast":
            other = images.mean((1, 2, 3), keepdim=True)
            images = (images * factors + other * (1 - factors)).clamp(0, 1)
    return images
'''
LUMA = (0.2989, 0.587, 0.114)
"""What red, green and blue weigh in grey, as torchvision has it."""


def _of_colour(transform: TransformSpec, in_shape: Shape) -> int:
    channels = transform.image(in_shape)[0]
    if channels not in (1, 3):
        raise UserError(
            "{transform} works on images of 1 or 3 channels, and here they have {channels}. "
            "Remove it.",
            transform=transform.kind,
            channels=channels,
        )
    return channels


def grey(images: "Tensor") -> "Tensor":
    """The brightness (n, 1, height, width) of images of 1 or 3 channels."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (red * LUMA[0] + green * LUMA[1] + blue * LUMA[2])[:, None]


class Grayscale(TransformSpec):
    """torchvision.transforms.v2.Grayscale."""

    summary: ClassVar[str] = "Takes the colour out."

    num_output_channels: Literal[1, 3] = Field(
        default=1, description="1, or 3 alike for a network that wants three."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        _of_colour(self, in_shape)
        return (self.num_output_channels, *in_shape[1:])

    def apply(self, inputs: "Tensor") -> "Tensor":
        made = grey(inputs)
        return made if self.num_output_channels == 1 else made.repeat(1, 3, 1, 1)

    def apply_source(self, in_shape: Shape) -> Source:
        made = "inputs" if in_shape[0] == 1 else "grey(inputs)"
        if self.num_output_channels == 3:
            made += ".repeat(1, 3, 1, 1)"
        lines = () if made == "inputs" else (f"inputs = {made}",)
        return Source(lines, functions=() if in_shape[0] == 1 else (GREY,))


Values = tuple[Number, ...]


class Normalize(TransformSpec):
    """torchvision.transforms.v2.Normalize."""

    summary: ClassVar[str] = (
        "Subtracts mean and divides by std, channel by channel, of values in 0 to 1; it takes the "
        "place of the mean and deviation that are measured on the training split."
    )

    mean: Values = Field(default=(0.5,), min_length=1, max_length=64)
    std: Annotated[
        tuple[Annotated[Number, Field(gt=0.0)], ...], Field(min_length=1, max_length=64)
    ] = (0.5,)

    def out_shape(self, in_shape: Shape) -> Shape:
        channels = self.image(in_shape)[0]
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise UserError(
                    "Normalize has {count} values of {name} for {channels} channels: give one for "
                    "each.",
                    count=len(values),
                    name=name,
                    channels=channels,
                )
        return in_shape

    def apply(self, inputs: "Tensor") -> "Tensor":
        import torch

        mean, std = (
            torch.tensor(values, dtype=inputs.dtype, device=inputs.device).view(-1, 1, 1)
            for values in (self.mean, self.std)
        )
        return (inputs - mean) / std

    def apply_source(self, in_shape: Shape) -> Source:
        mean, std = list(self.mean), list(self.std)
        return Source((f"inputs = v2.functional.normalize(inputs, {mean}, {std})",), (V2,))


def _amount(amount: "float | tuple[float, float]") -> "float | tuple[float, float]":
    low, high = amount if isinstance(amount, tuple) else (0.0, amount)
    if not 0.0 <= low <= high <= 100.0:
        raise ValueError("it lies in 0 to 100; of two numbers, the smaller comes first")
    return amount


def _hue(amount: "float | tuple[float, float]") -> "float | tuple[float, float]":
    low, high = around(amount)
    if not -0.5 <= low <= high <= 0.5:
        raise ValueError("it lies in 0 to 0.5; of two numbers, the smaller comes first")
    return amount


Amount = Annotated[Number | Between, AfterValidator(_amount)]
Hue = Annotated[Number | Between, AfterValidator(_hue)]


class ColorJitter(TransformSpec):
    """torchvision.transforms.v2.ColorJitter.

    Every sample has factors of its own; the order of the four is drawn once for a batch.
    """

    summary: ClassVar[str] = "Changes brightness, contrast, saturation and hue at random."
    train_only: ClassVar[bool] = True

    brightness: Amount = Field(default=0.2, description="A factor from 1 - this to 1 + this.")
    contrast: Amount = Field(default=0.2, description="A factor from 1 - this to 1 + this.")
    saturation: Amount = Field(default=0.2, description="A factor from 1 - this to 1 + this.")
    hue: Hue = Field(default=0.0, description="A turn of the colour circle, up to 0.5.")

    def out_shape(self, in_shape: Shape) -> Shape:
        _of_colour(self, in_shape)
        return in_shape

    def parameters(self, inputs: "Tensor", generator: "Generator") -> dict[str, "Tensor"]:
        """The factors (n,) of all that changes, in the order in which they apply."""
        import torch

        changing = [name for name in type(self).model_fields if getattr(self, name) not in _STILL]
        order = torch.randperm(len(changing), generator=generator).tolist()
        return {
            name: uniform(generator, len(inputs), *self._range(name))
            for name in (changing[place] for place in order)
        }

    def _range(self, name: str) -> tuple[float, float]:
        low, high = around(getattr(self, name), 0.0 if name == "hue" else 1.0)
        return (low, high) if name == "hue" else (max(0.0, low), high)

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        for name, factors in self.parameters(inputs, generator).items():
            inputs = _changed(inputs, name, factors)
        return inputs

    def source(self, in_shape: Shape) -> Source:
        changing = [name for name in type(self).model_fields if getattr(self, name) not in _STILL]
        ranges = ", ".join(f'"{name}": {self._range(name)}' for name in changing)
        if in_shape[0] == 1:
            line = f"inputs = jittered_grey(inputs, generator, {{{ranges}}})"
            return Source((line,), functions=(UNIFORM, JITTERED_GREY))
        line = f"inputs = jittered(inputs, generator, {{{ranges}}})"
        return Source((line,), (V2,), functions=(UNIFORM, GREY, JITTERED))


_STILL = (0.0, (0.0, 0.0), (1.0, 1.0))


def _changed(images: "Tensor", name: str, factors: "Tensor") -> "Tensor":
    if name == "hue":
        return _turned(images, factors) if images.shape[1] == 3 else images
    factors = per_sample(factors, images)
    if name == "brightness":
        return (images * factors).clamp(0, 1)
    if name == "saturation" and images.shape[1] == 1:
        return images
    other = grey(images)
    if name == "contrast":
        other = other.mean((1, 2, 3), keepdim=True)
    return (images * factors + other * (1 - factors)).clamp(0, 1)


def _turned(images: "Tensor", turns: "Tensor") -> "Tensor":
    """Every sample's hue turned by its own share of the circle. torchvision's function takes one
    factor for all, so samples go one by one."""
    import torch
    from torchvision.transforms.v2 import functional

    pairs = zip(images, turns.tolist(), strict=True)
    return torch.stack([functional.adjust_hue(image, turn) for image, turn in pairs])
