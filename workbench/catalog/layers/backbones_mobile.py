"""Backbones after ResNet: small ones for phones, and those that learned from transformers."""

from typing import ClassVar

from workbench.catalog.layers.backbones import Backbone, Table
from workbench.core.layer import Shape

Stages = tuple[tuple[str, ...], ...]


def _features(count: int) -> Stages:
    return tuple((f"features.{number}",) for number in range(count))


class _Features(Backbone, abstract=True):
    """One whose parts stand in a Sequential."""

    def _freezing_source(self, module: str) -> list[str]:
        frozen = f"{module}.features[:{self.frozen}]"
        return [f"frozen = {frozen}.requires_grad_(False).eval()"] if self.frozen else []


class MobileNetV3Small(_Features):
    """torchvision.models.mobilenet_v3_small."""

    summary: ClassVar[str] = "MobileNetV3, small: made for phones, 1.5 million parameters."
    function: ClassVar[str] = "mobilenet_v3_small"
    published: ClassVar[str] = "mobilenet_v3_small-047dcff4.pth"
    head: ClassVar[str] = "classifier.3"
    features: ClassVar[int] = 1024
    trunk: ClassVar[int] = 1_517_856
    stages: ClassVar[Stages] = _features(13)
    work: ClassVar[Table] = {0: 1048576, 2: 432, 4: 1552, 8: 9696, 16: 101448, 32: 340128}
    kept: ClassVar[Table] = {0: 23240, 2: 48, 4: 224, 8: 880, 16: 6888, 32: 10944}


class MobileNetV3Large(_Features):
    """torchvision.models.mobilenet_v3_large."""

    summary: ClassVar[str] = "MobileNetV3, large: made for phones, 4.2 million parameters."
    function: ClassVar[str] = "mobilenet_v3_large"
    published: ClassVar[str] = "mobilenet_v3_large-5c1a4163.pth"
    edition: ClassVar[str] = "IMAGENET1K_V2"
    head: ClassVar[str] = "classifier.3"
    features: ClassVar[int] = 1280
    trunk: ClassVar[int] = 4_202_032
    stages: ClassVar[Stages] = _features(17)
    work: ClassVar[Table] = {0: 2736000, 2: 1856, 4: 7944, 8: 39480, 16: 445672, 32: 940320}
    kept: ClassVar[Table] = {0: 42392, 2: 240, 4: 656, 8: 2376, 16: 15296, 32: 19008}


class EfficientNetB0(_Features):
    """torchvision.models.efficientnet_b0."""

    summary: ClassVar[str] = "EfficientNet-B0: width, depth and size in balance, 4 million weights."
    function: ClassVar[str] = "efficientnet_b0"
    published: ClassVar[str] = "efficientnet_b0_rwightman-7f5810bc.pth"
    head: ClassVar[str] = "classifier.1"
    features: ClassVar[int] = 1280
    trunk: ClassVar[int] = 4_007_548
    stages: ClassVar[Stages] = _features(9)
    work: ClassVar[Table] = {0: 627200, 2: 3200, 4: 14832, 8: 44160, 16: 697680, 32: 2569120}
    kept: ClassVar[Table] = {0: 63265, 2: 544, 4: 1920, 8: 3136, 16: 23616, 32: 39680}


class ConvNeXtTiny(_Features):
    """torchvision.models.convnext_tiny."""

    summary: ClassVar[str] = "ConvNeXt-Tiny: a ResNet modelled on transformers, 28 million weights."
    function: ClassVar[str] = "convnext_tiny"
    published: ClassVar[str] = "convnext_tiny-983f1562.pth"
    head: ClassVar[str] = "classifier.2"
    features: ClassVar[int] = 768
    trunk: ClassVar[int] = 27_820_128
    stages: ClassVar[Stages] = _features(8)
    work: ClassVar[Table] = {4: 239904, 8: 986688, 16: 11081088, 32: 15448320}
    kept: ClassVar[Table] = {0: 1555, 4: 3754, 8: 7304, 16: 42260, 32: 27654}

    def _places(self, in_shape: Shape, stride: int) -> int:
        # It cuts the image into patches without padding, so that an odd rest is left out.
        return (in_shape[1] // stride) * (in_shape[2] // stride) if stride else 1


class ViTB16(Backbone):
    """torchvision.models.vit_b_16, which takes 224 x 224 pixels and nothing else."""

    summary: ClassVar[str] = (
        "ViT-B/16: attention between patches of 16 × 16, 86 million parameters."
    )
    function: ClassVar[str] = "vit_b_16"
    published: ClassVar[str] = "vit_b_16-c867db91.pth"
    head: ClassVar[str] = "heads.head"
    features: ClassVar[int] = 768
    trunk: ClassVar[int] = 85_798_656
    stages: ClassVar[Stages] = (
        ("conv_proj", "class_token", "encoder.pos_embedding"),
        *((f"encoder.layers.encoder_layer_{number}",) for number in range(12)),
    )
    smallest: ClassVar[int] = 224
    work: ClassVar[Table] = {0: 17_563_060_224}
    kept: ClassVar[Table] = {0: 38_580_874}

    def _is_large_enough(self, in_shape: Shape) -> bool:
        return in_shape[1:] == (224, 224)

    def _needed(self) -> str:
        return "3 channels of exactly 224 × 224 pixels"
