"""Networks of residual blocks."""

from collections.abc import Sequence

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.blocks import Group, Residual
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.normalization import BatchNorm2d
from workbench.catalog.templates.images import ImageTemplate, conv_bn_relu, halvings, pooled_head
from workbench.core.layer import LayerSpec, Shape


def projection(channels: int, stride: int = 1) -> list[LayerSpec]:
    """A 1 x 1 convolution with BatchNorm: to other channels, or to every `stride`-th pixel."""
    conv = Conv2d(out_channels=channels, kernel_size=1, stride=stride, bias=False)
    return [conv, BatchNorm2d()]


class ResNet18(ImageTemplate):
    """He et al., Deep Residual Learning for Image Recognition, 2016; with the 3 x 3 stem without
    pooling that their section 4.2 takes for CIFAR's small images."""

    name = "resnet18_cifar"
    title = "ResNet-18 for CIFAR"
    summary = "Eight residual blocks in four stages behind a 3×3 stem: 11.2 million parameters"
    year = 2016

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        stages = [cls._stage(number) for number in range(4)]
        return [*conv_bn_relu(64), *stages, *pooled_head(outputs)]

    @classmethod
    def _stage(cls, number: int) -> Group:
        channels = 64 << number
        first = cls._block(channels, 1 if number == 0 else 2)
        return Group(
            name=f"stage{number + 1}",
            title=f"{channels} channels",
            layers=(*first, *cls._block(channels, 1)),
        )

    @staticmethod
    def _block(channels: int, stride: int) -> list[LayerSpec]:
        layers = [*conv_bn_relu(channels, stride=stride), *conv_bn_relu(channels)[:-1]]
        shortcut = projection(channels, stride) if stride > 1 else []
        return [Residual(layers=tuple(layers), shortcut=tuple(shortcut)), ReLU()]


class MobileNetLike(ImageTemplate):
    """Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018, in small."""

    name = "mobilenet_like"
    title = "MobileNet-like"
    summary = "Inverted residuals with depthwise convolutions: much seen with few weights"
    year = 2018

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        channels, layers = 16, conv_bn_relu(16)
        for number in range(halvings(shape, 3)):
            wider = 24 << number
            stage = (
                *cls._inverted(channels, wider, 2),
                Residual(layers=tuple(cls._inverted(wider, wider, 1))),
            )
            title = f"{wider} channels"
            layers.append(Group(name=f"stage{number + 1}", title=title, layers=stage))
            channels = wider
        return [*layers, *conv_bn_relu(4 * channels, kernel_size=1), *pooled_head(outputs)]

    @staticmethod
    def _inverted(channels: int, wanted: int, stride: int) -> list[LayerSpec]:
        """Widen by 1 x 1, filter every map by itself, and narrow again without an activation."""
        wide = 4 * channels
        depthwise = Conv2d(
            out_channels=wide, kernel_size=3, stride=stride, padding=1, groups=wide, bias=False
        )
        return [
            *conv_bn_relu(wide, kernel_size=1),
            depthwise,
            BatchNorm2d(),
            ReLU(),
            *projection(wanted),
        ]
