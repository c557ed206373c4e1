"""RandAugment: a few operations out of fourteen, drawn for every sample."""

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from workbench.catalog.transforms.colour import GREY, grey
from workbench.catalog.transforms.drawing import V2, Interpolation, mode_source
from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.source import Source, literal
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from torch import Generator, Tensor

SIGNED = (
    "ShearX",
    "ShearY",
    "TranslateX",
    "TranslateY",
    "Rotate",
    "Brightness",
    "Color",
    "Contrast",
    "Sharpness",
)
UNSIGNED = ("Identity", "Posterize", "Solarize", "AutoContrast", "Equalize")
OPERATIONS = SIGNED + UNSIGNED


OPERATED = '''
def operated(images, operation, sign, level, **how):
    """Images after one operation."""
    shear = math.degrees(math.atan(sign * 0.3 * level))
    down, across = (int(sign * level * (150 / 331 * side)) for side in images.shape[-2:])
    change, move = sign * 0.9 * level, v2.functional.affine
    match operation:
        case "ShearX":
            return move(images, 0.0, [0, 0], 1.0, [shear, 0.0], center=[0, 0], **how)
        case "ShearY":
            return move(images, 0.0, [0, 0], 1.0, [0.0, shear], center=[0, 0], **how)
        case "TranslateX":
            return move(images, 0.0, [across, 0], 1.0, [0.0, 0.0], **how)
        case "TranslateY":
            return move(images, 0.0, [0, down], 1.0, [0.0, 0.0], **how)
        case "Rotate":
            return v2.functional.rotate(images, sign * 30.0 * level, **how)
        case "Brightness":
            return (images * (1 + change)).clamp(0, 1)
        case "Color" | "Contrast":
            other = grey(images)
            if operation == "Contrast":
                other = other.mean((1, 2, 3), keepdim=True)
            return (images * (1 + change) - other * change).clamp(0, 1)
        case "Sharpness":
            return v2.functional.adjust_sharpness(images, 1 + change)
        case "Posterize":
            return v2.functional.posterize(images, 8 - round(4 * level))
        case "Solarize":
            return v2.functional.solarize(images, 1 - level)
        case "AutoContrast":
            return v2.functional.autocontrast(images)
        case "Equalize":
            return v2.functional.equalize(images)
    return images
'''
RAND_AUGMENTED = '''
def rand_augmented(images, generator, num_ops, level, **how):
    """Images after operations that are drawn for each of them."""
    size, count = (num_ops, len(images)), len(OPERATIONS)
    chosen = torch.randint(count, size, generator=generator)
    negative = torch.randint(2, size, generator=generator).bool()
    negative &= chosen < OPERATIONS.index("Identity")  # those behind have no sign
    for numbers in chosen + count * negative:
        made = images.clone()
        for number in numbers.unique().tolist():  # images with the same operation in one go
            members = (numbers == number).nonzero()[:, 0].to(images.device)
            sign = -1.0 if number >= count else 1.0
            operation = OPERATIONS[number % count]
            made[members] = operated(images[members], operation, sign, level, **how)
        images = made
    return images
'''


class RandAugment(TransformSpec):
    """torchvision.transforms.v2.RandAugment (https://arxiv.org/abs/1909.13719)."""

    summary: ClassVar[str] = "Applies num_ops operations at random, all of the same strength."
    train_only: ClassVar[bool] = True

    num_ops: Annotated[int, Field(strict=True, ge=0, le=20)] = 2
    magnitude: Annotated[int, Field(strict=True, ge=0, le=30)] = Field(
        default=9, description="Strength, from 0 to 30."
    )
    interpolation: Interpolation = "nearest"

    def out_shape(self, in_shape: Shape) -> Shape:
        if self.image(in_shape)[0] not in (1, 3):
            raise UserError(
                "RandAugment works on images of 1 or 3 channels, and here they have {channels}. "
                "Remove it.",
                channels=in_shape[0],
            )
        return in_shape

    def operations(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        """For each operation to be done and each sample its number (num_ops, n) in `OPERATIONS`;
        those of negative strength are counted on from behind the last."""
        import torch

        size = (self.num_ops, len(inputs))
        chosen = torch.randint(len(OPERATIONS), size, generator=generator)
        negative = torch.randint(2, size, generator=generator).bool() & (chosen < len(SIGNED))
        return chosen + len(OPERATIONS) * negative

    def draw(self, inputs: "Tensor", generator: "Generator") -> "Tensor":
        for chosen in self.operations(inputs, generator):
            made = inputs.clone()
            for number in chosen.unique().tolist():  # samples with the same operation in one go
                members = (chosen == number).nonzero()[:, 0].to(inputs.device)
                sign = -1.0 if number >= len(OPERATIONS) else 1.0
                made[members] = self.done(
                    inputs[members], OPERATIONS[number % len(OPERATIONS)], sign
                )
            inputs = made
        return inputs

    def source(self, in_shape: Shape) -> Source:
        mode, constants = mode_source(self.interpolation, usual="nearest")
        operations = f"OPERATIONS = {literal(list(OPERATIONS))}"
        told = f"{self.num_ops}, {self.magnitude} / 30{mode}"
        return Source(
            (f"inputs = rand_augmented(inputs, generator, {told})",),
            (V2, "import math"),
            functions=(GREY, OPERATED, RAND_AUGMENTED),
            constants=(*constants, operations),
        )

    def done(self, images: "Tensor", operation: str, sign: float) -> "Tensor":
        """Images after one operation."""
        height, width = images.shape[-2:]
        level = self.magnitude / 30  # torchvision's bins are even: bin 30 is the strongest
        if operation in ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"):
            most = {"X": 150 / 331 * width, "Y": 150 / 331 * height}
            shear = math.degrees(math.atan(sign * 0.3 * level))
            shift = int(sign * level * most.get(operation[-1], 0.0))
            return self._moved(images, operation, shear, shift, sign * 30.0 * level)
        return _recoloured(images, operation, sign * 0.9 * level, level)

    def _moved(
        self, images: "Tensor", operation: str, shear: float, shift: int, angle: float
    ) -> "Tensor":
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional

        mode = InterpolationMode(self.interpolation)
        if operation == "Rotate":
            turned: Tensor = functional.rotate(images, angle, interpolation=mode)
            return turned
        along_x = operation.endswith("X")
        if operation.startswith("Shear"):
            arguments = {"shear": [shear, 0.0] if along_x else [0.0, shear], "center": [0, 0]}
            shift = 0
        else:
            arguments = {"shear": [0.0, 0.0]}
        moved: Tensor = functional.affine(
            images,
            angle=0.0,
            translate=[shift, 0] if along_x else [0, shift],
            scale=1.0,
            interpolation=mode,
            **arguments,
        )
        return moved


def _recoloured(images: "Tensor", operation: str, change: float, level: float) -> "Tensor":
    from torchvision.transforms.v2 import functional

    if operation == "Brightness":
        return (images * (1 + change)).clamp(0, 1)
    if operation in ("Color", "Contrast"):
        other = grey(images)
        other = other if operation == "Color" else other.mean((1, 2, 3), keepdim=True)
        return (images * (1 + change) - other * change).clamp(0, 1)
    made: Tensor = images
    match operation:
        case "Sharpness":
            made = functional.adjust_sharpness(images, 1 + change)
        case "Posterize":
            made = functional.posterize(images, 8 - round(4 * level))
        case "Solarize":
            made = functional.solarize(images, 1 - level)
        case "AutoContrast":
            made = functional.autocontrast(images)
        case "Equalize":
            made = functional.equalize(images)
    return made
