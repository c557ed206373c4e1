"""What templates for images share, and the first networks of their history."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalog.layers.activation import ReLU, Tanh
from workbench.catalog.layers.blocks import Group
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.normalization import BatchNorm2d
from workbench.catalog.layers.pooling import AvgPool2d, MaxPool2d
from workbench.catalog.layers.pooling_adaptive import AdaptiveAvgPool2d
from workbench.catalog.layers.reshape import Flatten
from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape
from workbench.core.template import Template


class ImageTemplate(Template, abstract=True):
    """A network for images; `network` builds it for their shape."""

    topic = "Images"
    dataset = "FashionMNISTSmall"

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        if not info.is_image:
            raise UserError(
                "{template} needs images; {data} is a table. Choose Multilayer perceptron (mlp).",
                template=cls.title,
                data=info.title,
            )
        return cls.network(info.shape, outputs)

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        """The stack for images of `shape`: channels, height, width."""
        raise NotImplementedError


def conv_bn_relu(channels: int, kernel_size: int = 3, stride: int = 1) -> list[LayerSpec]:
    """A convolution that keeps the size at stride 1; BatchNorm stands in for its bias."""
    conv = Conv2d(
        out_channels=channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        bias=False,
    )
    return [conv, BatchNorm2d(), ReLU()]


def pooled_head(outputs: int) -> list[LayerSpec]:
    """The mean of every feature map, and one Linear: it takes images of any size."""
    return [AdaptiveAvgPool2d(output_size=1), Flatten(), Linear(out_features=outputs)]


def halvings(shape: Shape, most: int, smallest: int = 2) -> int:
    """How often an image can be halved before a side is below `smallest`, at most `most` times."""
    side, times = min(shape[1:]), 0
    while times < most and side // 2 >= smallest:
        side, times = side // 2, times + 1
    return times


class LeNet5(ImageTemplate):
    """LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998; its inputs
    were 32 x 32, so smaller images are padded."""

    name = "lenet5"
    title = "LeNet-5"
    summary = "The network of 1998 that read cheques: two convolutions with Tanh, 62 k parameters"
    year = 1998
    recipe: ClassVar[dict[str, Any]] = {"epochs": 15, "lr": 0.002}

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        first = 0 if min(shape[1:]) >= 32 else 2
        second = 0 if min(shape[1:]) >= 12 else 2
        return [
            Conv2d(out_channels=6, kernel_size=5, padding=first),
            Tanh(),
            AvgPool2d(kernel_size=2),
            Conv2d(out_channels=16, kernel_size=5, padding=second),
            Tanh(),
            AvgPool2d(kernel_size=2),
            Flatten(),
            Linear(out_features=120),
            Tanh(),
            Linear(out_features=84),
            Tanh(),
            Linear(out_features=outputs),
        ]


class SmallVGG(ImageTemplate):
    """Simonyan and Zisserman, Very Deep Convolutional Networks, 2015, in small."""

    name = "small_vgg"
    title = "Small VGG"
    summary = "Pairs of 3×3 convolutions, then a pooling: deep and plain, in three stages"
    year = 2015

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        stages = [
            Group(
                name=f"stage{number + 1}",
                title=f"{32 << number} channels",
                layers=(
                    *conv_bn_relu(32 << number),
                    *conv_bn_relu(32 << number),
                    MaxPool2d(kernel_size=2),
                ),
            )
            for number in range(halvings(shape, 3))
        ]
        return [*stages, *pooled_head(outputs)]
