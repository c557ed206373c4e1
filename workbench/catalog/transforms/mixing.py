"""Transforms that mix the samples of a batch, and their targets with them."""

import math
import random
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.spec import Number
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor


SHARE = '''
def kept_share(generator, alpha):
    """What every sample of a batch keeps of itself."""
    seed = torch.randint(2**31, (), generator=generator).item()
    return random.Random(seed).betavariate(alpha, alpha)
'''
BLENDED = '''
def blended(values, share):
    """Every sample with the one before it."""
    return values.roll(1, 0).mul_(1.0 - share).add_(values, alpha=share)
'''
MIXED_UP = '''
def mixed_up(inputs, targets, generator, alpha):
    """Samples that are blended, and their classes with them."""
    share = kept_share(generator, alpha)
    return blended(inputs, share), blended(targets, share)
'''
CUT_MIXED = '''
def cut_mixed(images, targets, generator, alpha):
    """Images with a rectangle of the one before, and classes by its area."""
    height, width = images.shape[-2:]
    reach = 0.5 * math.sqrt(1.0 - kept_share(generator, alpha))
    x, y = (int(torch.randint(side, (), generator=generator)) for side in (width, height))
    across, down = int(reach * width), int(reach * height)
    left, top = max(x - across, 0), max(y - down, 0)
    right, bottom = min(x + across, width), min(y + down, height)
    mixed = images.clone()
    mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
    area = (right - left) * (bottom - top) / (height * width)
    return mixed, blended(targets, 1.0 - area)
'''


class _Mix(TransformSpec, abstract=True):
    train_only: ClassVar[bool] = True
    mixes: ClassVar[bool] = True

    alpha: Annotated[Number, Field(gt=0.0, le=1000.0)] = Field(
        default=1.0, description="Of the Beta distribution: near 0 mixes little, 1 anyhow."
    )

    def share(self, generator: "Generator") -> float:
        """What every sample of the batch keeps of itself, from 0 to 1."""
        import torch

        # torch's Beta takes no generator; Python's is the same on every platform and version.
        seed = torch.randint(2**31, (), generator=generator).item()
        return random.Random(seed).betavariate(self.alpha, self.alpha)  # noqa: S311


def _blended(values: "Tensor", share: float) -> "Tensor":
    """Every sample with the one before it, the first with the last."""
    return values.roll(1, 0).mul_(1.0 - share).add_(values, alpha=share)


class MixUp(_Mix):
    """torchvision.transforms.v2.MixUp."""

    summary: ClassVar[str] = "Blends every sample with another one of its batch, classes too."

    def out_shape(self, in_shape: Shape) -> Shape:
        return in_shape

    def draw_mixed(
        self, inputs: "Tensor", targets: "Tensor", generator: "Generator"
    ) -> tuple["Tensor", "Tensor"]:
        share = self.share(generator)
        return _blended(inputs, share), _blended(targets, share)

    def source(self, in_shape: Shape) -> Source:
        line = f"inputs, targets = mixed_up(inputs, targets, generator, {self.alpha!r})"
        return Source((line,), ("import random",), functions=(SHARE, BLENDED, MIXED_UP))


class CutMix(_Mix):
    """torchvision.transforms.v2.CutMix."""

    summary: ClassVar[str] = "Pastes a rectangle of another sample in, classes by its area."

    def box(self, inputs: "Tensor", generator: "Generator") -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what comes from another sample."""
        import torch

        height, width = inputs.shape[-2:]
        reach = 0.5 * math.sqrt(1.0 - self.share(generator))
        x, y = (int(torch.randint(side, (), generator=generator)) for side in (width, height))
        across, down = int(reach * width), int(reach * height)
        return (
            max(x - across, 0),
            max(y - down, 0),
            min(x + across, width),
            min(y + down, height),
        )

    def draw_mixed(
        self, inputs: "Tensor", targets: "Tensor", generator: "Generator"
    ) -> tuple["Tensor", "Tensor"]:
        left, top, right, bottom = self.box(inputs, generator)
        mixed = inputs.clone()
        mixed[..., top:bottom, left:right] = inputs.roll(1, 0)[..., top:bottom, left:right]
        area = inputs.shape[-2] * inputs.shape[-1]
        return mixed, _blended(targets, 1.0 - (right - left) * (bottom - top) / area)

    def source(self, in_shape: Shape) -> Source:
        line = f"inputs, targets = cut_mixed(inputs, targets, generator, {self.alpha!r})"
        functions = (SHARE, BLENDED, CUT_MIXED)
        return Source((line,), ("import math", "import random"), functions=functions)
