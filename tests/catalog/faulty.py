"""Networks with planted faults, drawn by a seeded generator."""

from collections.abc import Callable
from random import Random

from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.template import Template

Layers = list[LayerSpec]
IMAGES = ("Digits", "FashionMNISTSmall", "CIFAR10")
TABLES = ("Iris", "Wine", "BreastCancer")


def layer(kind: str, **arguments: object) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


def project_of(data: str, layers: Layers) -> Project:
    spec = DatasetSpec.named(data)()
    base = Template.shelf["mlp"].project(spec)
    return base.replace(model=ModelSpec(layers=tuple(layers)))


def activation(draw: Random) -> LayerSpec:
    return layer(draw.choice(["ReLU", "LeakyReLU", "GELU", "SiLU", "Tanh"]))


def features(draw: Random) -> Layers:
    """Convolutions that keep the size of their maps."""
    kernel = draw.choice([3, 5])
    channels = draw.choice([8, 12, 16])
    layers = [layer("Conv2d", out_channels=channels, kernel_size=kernel, padding=kernel // 2)]
    if draw.random() < 0.5:
        layers.append(layer("BatchNorm2d"))
    layers.append(activation(draw))
    if draw.random() < 0.3:
        layers.append(layer("Dropout2d", p=0.1))
    return layers


def head(draw: Random, outputs: int) -> Layers:
    hidden = [layer("Linear", out_features=draw.choice([16, 32])), activation(draw)]
    return [*(hidden if draw.random() < 0.5 else []), layer("Linear", out_features=outputs)]


def picture_network(draw: Random, middle: Layers) -> Project:
    """Convolutions, `middle`, one more pooling and a head."""
    data = draw.choice(IMAGES)
    first = [*features(draw), *([layer("MaxPool2d")] if draw.random() < 0.5 else [])]
    layers = [*first, *middle, *features(draw), layer("Flatten"), *head(draw, 10)]
    return project_of(data, layers)


def table_network(draw: Random, data: str) -> Project:
    outputs = len(DatasetSpec.named(data)().info().classes)
    hidden = [layer("Linear", out_features=draw.choice([8, 16])), activation(draw)]
    return project_of(data, [*hidden, *head(draw, outputs)])


def without(project: Project, kind: str) -> Project:
    path = next(path for path, each in project.model.nested() if each.kind == kind)
    return project.replace(model=project.model.removed([path]))


def with_instead(project: Project, kind: str, *other: LayerSpec) -> Project:
    path = next(path for path, each in project.model.nested() if each.kind == kind)
    return project.replace(model=project.model.swapped(path, other))


# -- the faults


def missing_flatten(draw: Random) -> Project:
    return without(picture_network(draw, []), "Flatten")


def kernel_too_large(draw: Random) -> Project:
    pools = [layer("MaxPool2d"), layer("MaxPool2d")]
    wide = layer("Conv2d", out_channels=8, kernel_size=draw.choice([9, 11]))
    return picture_network(draw, [*pools, wide])


def too_many_poolings(draw: Random) -> Project:
    kind = draw.choice(["MaxPool2d", "AvgPool2d"])
    return picture_network(draw, [layer(kind) for _ in range(draw.choice([6, 7]))])


def other_dimension(draw: Random) -> Project:
    kind = draw.choice(["Conv1d", "Conv3d", "BatchNorm1d", "MaxPool1d", "AdaptiveAvgPool1d"])
    return picture_network(draw, [layer(kind)])


def heads_that_do_not_divide(draw: Random) -> Project:
    rows = [layer("Flatten", end_dim=-2), layer("Linear", out_features=draw.choice([16, 20, 32]))]
    attention = draw.choice(
        [
            layer("MultiheadAttention", num_heads=draw.choice([3, 6, 7])),
            layer("TransformerEncoderLayer", nhead=draw.choice([3, 6, 7])),
        ]
    )
    return project_of(draw.choice(IMAGES), [*rows, attention, layer("Flatten"), *head(draw, 10)])


def residual_of_two_shapes(draw: Random) -> Project:
    inner = layer(
        "Conv2d",
        out_channels=24,
        kernel_size=3,
        padding=draw.choice([0, 1]),
        stride=draw.choice([1, 2]),
    )
    return picture_network(draw, [layer("Residual", layers=(inner, activation(draw)))])


def branches_that_do_not_fit(draw: Random) -> Project:
    stacks = tuple(
        (layer("Conv2d", out_channels=draw.choice([4, 8]), kernel_size=kernel),)
        for kernel in draw.sample([1, 3, 5], 2)
    )
    return picture_network(draw, [layer("Branches", branches=stacks)])


def sums_that_do_not_fit(draw: Random) -> Project:
    stacks = tuple(
        (layer("Conv2d", out_channels=channels, kernel_size=1),)
        for channels in draw.sample([4, 8, 12], 2)
    )
    merge = draw.choice(["add", "multiply"])
    return picture_network(draw, [layer("Branches", branches=stacks, merge=merge)])


def wrong_outputs(draw: Random) -> Project:
    project = draw.choice([picture_network(draw, []), table_network(draw, draw.choice(TABLES))])
    last = project.model.layers[-1]
    return project.replace(
        model=project.model.swapped(
            (len(project.model.layers) - 1,), (last.replace(out_features=draw.choice([1, 7, 100])),)
        )
    )


def no_head(draw: Random) -> Project:
    return project_of(draw.choice(IMAGES), [*features(draw), layer("MaxPool2d"), *features(draw)])


def sequence_layer_on_image(draw: Random) -> Project:
    kind = draw.choice(["LSTM", "GRU", "RNN"])
    recurrent = layer(kind, hidden_size=16)
    return project_of(draw.choice(IMAGES), [recurrent, layer("Linear", out_features=10)])


def sequence_layer_on_table(draw: Random) -> Project:
    data = draw.choice(TABLES)
    outputs = len(DatasetSpec.named(data)().info().classes)
    return project_of(data, [layer("LSTM", hidden_size=8), layer("Linear", out_features=outputs)])


def groups_that_do_not_divide(draw: Random) -> Project:
    grouped = draw.choice(
        [
            layer("Conv2d", out_channels=15, groups=draw.choice([3, 5, 7])),
            layer("GroupNorm", num_groups=draw.choice([5, 7])),
        ]
    )
    return picture_network(draw, [layer("Conv2d", out_channels=16, kernel_size=1), grouped])


def image_layer_behind_flatten(draw: Random) -> Project:
    kind = draw.choice(["Conv2d", "BatchNorm2d", "MaxPool2d"])
    return picture_network(draw, [layer("Flatten"), layer(kind)])


def image_layer_on_table(draw: Random) -> Project:
    project = table_network(draw, draw.choice(TABLES))
    kind = draw.choice(["BatchNorm2d", "Conv2d", "Dropout2d"])
    return project.replace(model=project.model.inserted((0,), [layer(kind)]))


def same_with_stride(draw: Random) -> Project:
    strided = layer("Conv2d", out_channels=8, padding="same", stride=2)
    return picture_network(draw, [strided])


def pixels_that_do_not_shuffle(draw: Random) -> Project:
    channels = layer("Conv2d", out_channels=draw.choice([6, 10]), kernel_size=1)
    return picture_network(draw, [channels, layer("PixelShuffle", upscale_factor=2)])


def repeated_until_nothing_is_left(draw: Random) -> Project:
    block = layer("Repeat", times=9, layers=(layer("Conv2d", out_channels=8), layer("MaxPool2d")))
    return picture_network(draw, [block])


FAULTS: tuple[Callable[[Random], Project], ...] = (
    missing_flatten,
    kernel_too_large,
    too_many_poolings,
    other_dimension,
    heads_that_do_not_divide,
    residual_of_two_shapes,
    branches_that_do_not_fit,
    sums_that_do_not_fit,
    wrong_outputs,
    no_head,
    sequence_layer_on_image,
    sequence_layer_on_table,
    groups_that_do_not_divide,
    image_layer_behind_flatten,
    image_layer_on_table,
    same_with_stride,
    pixels_that_do_not_shuffle,
    repeated_until_nothing_is_left,
)
