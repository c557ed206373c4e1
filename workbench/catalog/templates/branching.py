"""Networks whose way forks and is joined again."""

from collections.abc import Sequence

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.blocks import Branches, Group, Repeat
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.conv_transposed import ConvTranspose2d
from workbench.catalog.layers.normalization import BatchNorm2d
from workbench.catalog.layers.pooling import AvgPool2d, MaxPool2d
from workbench.catalog.templates.images import ImageTemplate, conv_bn_relu, halvings, pooled_head
from workbench.core.layer import LayerSpec, Shape


class InceptionLike(ImageTemplate):
    """Szegedy et al., Going Deeper with Convolutions, 2015, in small."""

    name = "inception_like"
    title = "Inception-like"
    summary = "Windows of 1×1, 3×3 and 5×5 side by side, their maps concatenated"
    year = 2015

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        layers = conv_bn_relu(32)
        for number in range(halvings(shape, 2, smallest=4)):  # a window of 5 needs some pixels
            layers += [MaxPool2d(kernel_size=2), cls._inception(16 << number)]
        return [*layers, cls._inception(64), *pooled_head(outputs)]

    @staticmethod
    def _inception(width: int) -> Branches:
        """Four branches of 4 x `width` maps in all, narrowed by 1 x 1 before the large windows."""
        return Branches(
            branches=(
                tuple(conv_bn_relu(width, 1)),
                (*conv_bn_relu(width, 1), *conv_bn_relu(2 * width, 3)),
                (*conv_bn_relu(width // 4, 1), *conv_bn_relu(width // 2, 5)),
                (MaxPool2d(kernel_size=3, stride=1, padding=1), *conv_bn_relu(width // 2, 1)),
            )
        )


class DenseNetLike(ImageTemplate):
    """Huang et al., Densely Connected Convolutional Networks, 2017, in small."""

    name = "densenet_like"
    title = "DenseNet-like"
    summary = "Every layer sees the maps of all layers before it in its block"
    year = 2017
    growth = 12

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        channels, layers = 24, conv_bn_relu(24)[:1]
        blocks = 1 + halvings(shape, 2)
        for number in range(1, blocks + 1):
            layers.append(Repeat(name=f"block{number}", times=4, layers=(cls._dense(),)))
            channels += 4 * cls.growth
            if number < blocks:
                channels //= 2
                layers.append(cls._transition(number, channels))
        return [*layers, BatchNorm2d(), ReLU(), *pooled_head(outputs)]

    @classmethod
    def _dense(cls) -> Branches:
        """The input, which an empty branch hands on, beside `growth` new maps of it."""
        narrow = Conv2d(out_channels=4 * cls.growth, kernel_size=1, bias=False)
        new = Conv2d(out_channels=cls.growth, kernel_size=3, padding=1, bias=False)
        maps = (BatchNorm2d(), ReLU(), narrow, BatchNorm2d(), ReLU(), new)
        return Branches(branches=((), maps))

    @staticmethod
    def _transition(number: int, channels: int) -> Group:
        narrow = Conv2d(out_channels=channels, kernel_size=1, bias=False)
        return Group(
            name=f"transition{number}",
            title="half the maps, half the size",
            layers=(BatchNorm2d(), ReLU(), narrow, AvgPool2d(kernel_size=2)),
        )


class UNetLike(ImageTemplate):
    """Ronneberger et al., U-Net, 2015, in small; a pooled head makes it a classifier."""

    name = "unet_like"
    title = "U-Net-like"
    summary = (
        "Down to coarse maps and up again, with the fine ones handed across; pooled at the end"
    )
    year = 2015

    @classmethod
    def network(cls, shape: Shape, outputs: int) -> Sequence[LayerSpec]:
        return [*cls._level(16, shape[1:], halvings(shape, 3, smallest=4)), *pooled_head(outputs)]

    @classmethod
    def _level(cls, channels: int, size: Shape, depth: int) -> list[LayerSpec]:
        """Two convolutions, all that lies below beside them, and two convolutions of both."""
        pair = [*conv_bn_relu(channels), *conv_bn_relu(channels)]
        if not depth:
            return pair
        below = (
            MaxPool2d(kernel_size=2),
            *cls._level(2 * channels, tuple(side // 2 for side in size), depth - 1),
            ConvTranspose2d(
                out_channels=channels,
                kernel_size=2,
                stride=2,
                output_padding=(size[0] % 2, size[1] % 2),  # an odd side was halved downwards
            ),
        )
        return [*pair, Branches(branches=((), below)), *pair]
