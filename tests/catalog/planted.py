"""Projects with planted faults for each rule, and near misses at which it must stay silent."""

from collections.abc import Callable
from typing import Any

from faulty import layer, project_of

from workbench.catalog.datasets.array_files import Held
from workbench.catalog.datasets.arrays import ArrayFacts, Arrays
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.train import LossSpec, OptimizerSpec

Make = Callable[[], Project]


def net(data: str, *layers: LayerSpec) -> Project:
    return project_of(data, list(layers))


def trained(project: Project, **changes: Any) -> Project:
    return project.replace(train=project.train.replace(**changes))


def loss(project: Project, kind: str) -> Project:
    return trained(project, loss=LossSpec.named(kind)())


def optimizer(project: Project, kind: str, lr: float = 0.01, **values: Any) -> Project:
    return trained(project, optimizer=OptimizerSpec.named(kind)(**values), lr=lr)


def data(project: Project, **changes: Any) -> Project:
    return project.replace(data=project.data.replace(**changes))


def quantity(mean: float, std: float, **options: Any) -> Project:
    """A sane network on arrays of the user's, whose target is a number of this size."""
    inputs = Held(name="x", file="x.npy", shape=(500, 4), dtype="<f4")
    targets = Held(name="y", file="y.npy", shape=(500,), dtype="<f4", mean=mean, std=std)
    facts = ArrayFacts(digest="0" * 64, arrays=(inputs, targets))
    project = number()
    return project.replace(data=Arrays(path="/nowhere/x.npy", facts=facts, **options))


def linear(size: int, **more: Any) -> LayerSpec:
    return layer("Linear", out_features=size, **more)


def conv(size: int = 8, **more: Any) -> LayerSpec:
    return layer("Conv2d", **{"out_channels": size, "padding": 1, **more})


FLAT, RELU, POOL = layer("Flatten"), layer("ReLU"), layer("MaxPool2d")
SOFTMAX, SIGMOID = layer("Softmax"), layer("Sigmoid")


def digits(*middle: LayerSpec) -> Project:
    """A sane network on digits with layers in front of its Flatten."""
    return net("Digits", conv(), RELU, *middle, FLAT, linear(10))


def iris(*middle: LayerSpec) -> Project:
    """A sane network on iris with layers in the middle."""
    return net("Iris", linear(16), RELU, *middle, linear(3))


def end(*layers: LayerSpec) -> Project:
    """A sane network on iris with layers behind it."""
    return net("Iris", linear(16), RELU, linear(3), *layers)


def yes_or_no(*layers: LayerSpec) -> Project:
    return loss(net("BreastCancer", linear(8), RELU, linear(1), *layers), "BCEWithLogitsLoss")


def number(*layers: LayerSpec) -> Project:
    return loss(net("Diabetes", linear(8), RELU, linear(1), *layers), "MSELoss")


def deep(kind: str, count: int) -> Project:
    rows = [each for _ in range(count) for each in (linear(16), layer(kind))]
    return net("Iris", *rows, linear(3))


def rows_of_digits(*layers: LayerSpec) -> Project:
    return net("Digits", layer("Flatten", end_dim=-2), *layers, linear(10))


def group(*layers: LayerSpec) -> LayerSpec:
    return layer("Group", layers=layers)


def residual(*layers: LayerSpec) -> LayerSpec:
    return layer("Residual", layers=layers)


def branches(*stacks: tuple[LayerSpec, ...], **more: Any) -> LayerSpec:
    return layer("Branches", branches=stacks, **more)


NORM, NORM1 = layer("BatchNorm2d"), layer("BatchNorm1d")
BARE = {"bias": False}

PLANTED: dict[str, list[Make]] = {
    "LayerTakesItsInput": [
        lambda: net("Digits", linear(10)),
        lambda: digits(layer("Conv1d")),
    ],
    "OutputsSuitLoss": [lambda: net("Iris", linear(4)), lambda: net("Digits", FLAT, linear(9))],
    "LossSuitsTask": [
        lambda: loss(net("Diabetes", linear(1)), "CrossEntropyLoss"),
        lambda: loss(net("Diabetes", linear(1)), "BCEWithLogitsLoss"),
    ],
    "NetworkHasLayers": [lambda: net("Iris"), lambda: net("Digits")],
    "SomethingLearns": [
        lambda: net("Iris", RELU, layer("Dropout")),
        lambda: net("Digits", layer("AvgPool2d", kernel_size=8), FLAT),
    ],
    "SoftmaxBeforeCrossEntropy": [
        lambda: end(SOFTMAX),
        lambda: end(group(layer("LogSoftmax"))),
        lambda: end(SOFTMAX, layer("Identity")),
    ],
    "SigmoidBeforeBCEWithLogits": [
        lambda: yes_or_no(SIGMOID),
        lambda: loss(end(SIGMOID), "BCEWithLogitsLoss"),
        lambda: loss(end(SOFTMAX), "BCEWithLogitsLoss"),
    ],
    "SquashedScores": [
        lambda: end(RELU),
        lambda: end(layer("Tanh")),
        lambda: end(SIGMOID),
        lambda: yes_or_no(layer("ReLU")),
    ],
    "BoundedRegression": [lambda: number(RELU), lambda: number(SIGMOID), lambda: number(SOFTMAX)],
    "DropoutAtTheEnd": [
        lambda: end(layer("Dropout")),
        lambda: end(group(layer("Dropout", p=0.2))),
    ],
    "BatchNormAtTheEnd": [lambda: end(NORM1), lambda: number(NORM1)],
    "SquaredErrorOfClasses": [
        lambda: loss(end(), "MSELoss"),
        lambda: loss(digits(), "MSELoss"),
    ],
    "YesOrNoOfManyClasses": [
        lambda: loss(end(), "BCEWithLogitsLoss"),
        lambda: loss(digits(), "BCEWithLogitsLoss"),
    ],
    "NoNonlinearity": [
        lambda: net("Iris", linear(16), linear(3)),
        lambda: net("Digits", conv(), conv(), RELU, FLAT, linear(10)),
        lambda: net("Digits", conv(), NORM, conv(), RELU, FLAT, linear(10)),
        lambda: net("Digits", conv(), FLAT, linear(10)),
        lambda: net("Iris", linear(16), layer("Dropout"), linear(3)),
        lambda: digits(residual(conv(), conv())),
    ],
    "TwoActivations": [
        lambda: iris(layer("Tanh")),
        lambda: digits(layer("LeakyReLU")),
        lambda: digits(group(RELU, RELU)),
    ],
    "HiddenSoftmax": [lambda: net("Iris", linear(16), SOFTMAX, linear(3)), lambda: iris(SOFTMAX)],
    "SaturatingStack": [
        lambda: deep("Sigmoid", 3),
        lambda: deep("Sigmoid", 6),
        lambda: deep("Tanh", 6),
    ],
    "Bottleneck": [
        lambda: iris(linear(1), layer("Tanh")),
        lambda: net("Digits", FLAT, linear(1), RELU, linear(10)),
    ],
    "SequenceOfOneStep": [
        lambda: net("Digits", layer("Flatten", start_dim=2), layer("LSTM"), linear(10)),
        lambda: net("Iris", layer("Unflatten", unflattened_size=(1, 4)), layer("GRU"), linear(3)),
    ],
    "UnusedIdentity": [lambda: iris(layer("Identity")), lambda: digits(group(layer("Identity")))],
    "FlattenOfFlat": [lambda: iris(FLAT), lambda: digits(FLAT)],
    "PoolingOfOne": [
        lambda: digits(layer("MaxPool2d", kernel_size=1)),
        lambda: digits(layer("AdaptiveAvgPool2d", output_size=8)),
        lambda: digits(layer("AvgPool2d", kernel_size=1)),
    ],
    "UpsamplingByOne": [
        lambda: digits(layer("Upsample", scale_factor=1.0)),
        lambda: digits(layer("PixelShuffle", upscale_factor=1)),
    ],
    "PermuteInPlace": [
        lambda: digits(layer("Permute", dims=(1, 2, 3))),
        lambda: rows_of_digits(layer("Permute", dims=(1, 2)), layer("LSTM")),
    ],
    "PaddingByNothing": [
        lambda: digits(layer("ZeroPad2d", padding=0)),
        lambda: digits(layer("ZeroPad2d", padding=(0, 0, 0, 0))),
    ],
    "DropoutOfNothing": [
        lambda: iris(layer("Dropout", p=0.0)),
        lambda: digits(layer("Dropout2d", p=0.0)),
    ],
    "SoftmaxOfOne": [lambda: yes_or_no(SOFTMAX), lambda: number(SOFTMAX)],
    "EmptyBlock": [lambda: iris(group()), lambda: digits(layer("Repeat", times=3))],
    "ResidualOfNothing": [lambda: iris(residual()), lambda: digits(residual())],
    "BranchesOfNothing": [
        lambda: digits(branches((), ())),
        lambda: iris(branches((), (), merge="add")),
    ],
    "OneBranch": [lambda: digits(branches((conv(), RELU))), lambda: iris(branches((FLAT,)))],
    "RepeatOnce": [
        lambda: digits(layer("Repeat", times=1, layers=(conv(), RELU))),
        lambda: iris(layer("Repeat", times=1, layers=(linear(16), RELU))),
    ],
    "BatchNormOfFewSamples": [
        lambda: trained(net("Digits", conv(**BARE), NORM, RELU, FLAT, linear(10)), batch_size=1),
        lambda: trained(net("Iris", linear(8), NORM1, RELU, linear(3)), batch_size=2),
    ],
    "BiasBeforeBatchNorm": [
        lambda: net("Digits", conv(), NORM, RELU, FLAT, linear(10)),
        lambda: net("Iris", linear(8), NORM1, RELU, linear(3)),
    ],
    "NormOfOneValue": [
        lambda: net("Iris", linear(1), layer("LayerNorm"), linear(3)),
        lambda: number(layer("LayerNorm")),
    ],
    "DropoutBeforeBatchNorm": [
        lambda: net("Iris", linear(8, **BARE), layer("Dropout"), NORM1, RELU, linear(3)),
        lambda: digits(layer("Dropout2d"), NORM),
    ],
    "DropoutOfNearlyAll": [
        lambda: iris(layer("Dropout", p=0.9)),
        lambda: digits(layer("Dropout2d", p=0.85)),
    ],
    "KernelOfMostlyPadding": [
        lambda: digits(POOL, POOL, conv(kernel_size=5, padding=2), RELU),
        lambda: digits(POOL, POOL, POOL, conv(kernel_size=3, padding=1), RELU),
        lambda: digits(POOL, POOL, conv(kernel_size=7, padding="same"), RELU),
    ],
    "EvenKernelWithSame": [
        lambda: digits(conv(kernel_size=4, padding="same"), RELU),
        lambda: digits(conv(kernel_size=2, padding="same"), RELU),
    ],
    "StrideBeyondKernel": [
        lambda: digits(conv(kernel_size=2, stride=3), RELU),
        lambda: digits(layer("MaxPool2d", kernel_size=2, stride=4)),
    ],
    "PoolingFirst": [
        lambda: net("Digits", POOL, conv(), RELU, FLAT, linear(10)),
        lambda: net("FashionMNISTSmall", layer("AvgPool2d"), FLAT, linear(10)),
    ],
    "HugeFirstLinear": [
        lambda: net("CIFAR10", conv(64), RELU, FLAT, linear(256), RELU, linear(10)),
        lambda: net("FashionMNISTSmall", conv(64), RELU, FLAT, linear(128), RELU, linear(10)),
    ],
    "UnnormalizedInputs": [
        lambda: data(end(), normalize=False),
        lambda: data(number(), normalize=False),
    ],
    "TargetsOutOfRange": [
        lambda: quantity(180_000.0, 80_000.0, scale_target=False),
        lambda: quantity(20.0, 0.5, scale_target=False),
        lambda: quantity(0.0001, 0.0002, scale_target=False),
    ],
    "EmbeddingOfNumbers": [
        lambda: net("Iris", layer("Embedding"), FLAT, linear(3)),
        lambda: net("Wine", group(layer("Embedding"), FLAT), linear(3)),
    ],
    "NoValidation": [
        lambda: data(end(), val_fraction=0.0),
        lambda: data(digits(), val_fraction=0.0),
    ],
    "FewValidationSamples": [
        lambda: data(end(), val_fraction=0.03),
        lambda: data(digits(), val_fraction=0.002),
    ],
    "NoTestSamples": [
        lambda: data(end(), test_fraction=0.0),
        lambda: data(digits(), test_fraction=0.0),
    ],
    "MoreParametersThanATableTells": [
        lambda: net("Iris", linear(2000), RELU, linear(2000), RELU, linear(3)),
        lambda: net("Wine", linear(1000), RELU, linear(1000), RELU, linear(3)),
    ],
    "LrTooHigh": [
        lambda: optimizer(digits(), "Adam", 0.1),
        lambda: optimizer(digits(), "AdamW", 0.5),
        lambda: optimizer(digits(), "SGD", 5.0),
        lambda: optimizer(digits(), "SGD", 1.0, momentum=0.95),
    ],
    "LrTooLow": [
        lambda: optimizer(digits(), "Adam", 1e-8),
        lambda: optimizer(digits(), "SGD", 1e-7),
    ],
    "SgdWithoutMomentum": [
        lambda: optimizer(deep("ReLU", 5), "SGD"),
        lambda: optimizer(digits(*[conv(), RELU] * 4), "SGD"),
    ],
    "MomentumTooHigh": [
        lambda: optimizer(digits(), "SGD", 0.001, momentum=0.99),
        lambda: optimizer(digits(), "SGD", 0.001, momentum=0.999),
    ],
    "WeightDecayTooStrong": [
        lambda: optimizer(digits(), "SGD", weight_decay=0.5),
        lambda: optimizer(digits(), "Adam", weight_decay=1.0),
        lambda: optimizer(digits(), "AdamW", weight_decay=10.0),
    ],
    "BetasTheWrongWayRound": [
        lambda: optimizer(digits(), "Adam", betas=(0.999, 0.9)),
        lambda: optimizer(digits(), "AdamW", betas=(0.99, 0.5)),
    ],
    "EpsilonTooLarge": [
        lambda: optimizer(digits(), "Adam", eps=0.1),
        lambda: optimizer(digits(), "AdamW", eps=1.0),
    ],
    "BatchLargerThanSet": [
        lambda: trained(end(), batch_size=1000),
        lambda: trained(digits(), batch_size=5000),
    ],
    "WholeSetAtOnce": [
        lambda: trained(digits(), batch_size="all"),
        lambda: trained(net("FashionMNISTSmall", FLAT, linear(10)), batch_size="all"),
    ],
    "OneSampleAtATime": [
        lambda: trained(net("FashionMNISTSmall", FLAT, linear(10)), batch_size=1),
        lambda: trained(net("CIFAR10", FLAT, linear(10)), batch_size=1),
    ],
    "FewSteps": [
        lambda: trained(digits(), epochs=1),
        lambda: trained(end(), epochs=3, batch_size=64),
    ],
    "EpochsByHeart": [
        lambda: trained(end(), epochs=2000),
        lambda: trained(digits(), epochs=1000),
    ],
}

GLOBAL = layer("AdaptiveAvgPool2d")

PLANTED["NearsightedMaps"] = [
    lambda: net("FashionMNISTSmall", conv(), RELU, GLOBAL, FLAT, linear(10)),
    lambda: net("CIFAR10", conv(), RELU, conv(), RELU, GLOBAL, FLAT, linear(10)),
]

NEAR: dict[str, list[Make]] = {
    "NearsightedMaps": [
        lambda: net("FashionMNISTSmall", conv(), RELU, FLAT, linear(10)),
        lambda: net("CIFAR10", *[conv(), RELU, POOL] * 3, GLOBAL, FLAT, linear(10)),
        lambda: net("Digits", conv(), RELU, GLOBAL, FLAT, linear(10)),
    ],
    "LayerTakesItsInput": [digits, lambda: net("Iris", linear(4))],
    "OutputsSuitLoss": [end, lambda: loss(net("Diabetes", linear(1)), "CrossEntropyLoss")],
    "LossSuitsTask": [number, lambda: loss(end(), "MSELoss")],
    "NetworkHasLayers": [lambda: net("Iris", linear(3)), lambda: net("Iris", linear(4))],
    "SomethingLearns": [lambda: net("Iris", linear(3)), lambda: net("Digits", linear(3), POOL)],
    "SoftmaxBeforeCrossEntropy": [lambda: iris(SOFTMAX), lambda: loss(end(SOFTMAX), "MSELoss")],
    "SigmoidBeforeBCEWithLogits": [yes_or_no, lambda: loss(iris(SIGMOID), "BCEWithLogitsLoss")],
    "SquashedScores": [
        end,
        lambda: end(SOFTMAX),
        lambda: digits(layer("AdaptiveAvgPool2d")),
        lambda: loss(end(SIGMOID), "MSELoss"),
    ],
    "BoundedRegression": [
        number,
        lambda: number(layer("Softplus")),
        lambda: loss(end(SIGMOID), "MSELoss"),
    ],
    "DropoutAtTheEnd": [lambda: iris(layer("Dropout")), lambda: digits(layer("Dropout2d"))],
    "BatchNormAtTheEnd": [lambda: iris(NORM1), lambda: end(layer("LayerNorm"))],
    "SquaredErrorOfClasses": [number, end],
    "YesOrNoOfManyClasses": [yes_or_no, end],
    "NoNonlinearity": [
        lambda: net("Digits", conv(), layer("MaxPool2d"), conv(), RELU, FLAT, linear(10)),
        lambda: digits(conv(groups=8), conv(kernel_size=1, padding=0), RELU),
        lambda: digits(branches((conv(),), (conv(kernel_size=1, padding=0),)), RELU),
        lambda: rows_of_digits(layer("LSTM")),
        lambda: rows_of_digits(linear(16), layer("TransformerEncoderLayer"), FLAT),
    ],
    "TwoActivations": [lambda: end(SOFTMAX), lambda: digits(NORM, RELU)],
    "HiddenSoftmax": [
        lambda: end(SOFTMAX),
        lambda: digits(branches((), (conv(), SOFTMAX), merge="multiply")),
    ],
    "SaturatingStack": [
        lambda: deep("Sigmoid", 2),
        lambda: deep("Tanh", 4),
        lambda: deep("ReLU", 9),
    ],
    "Bottleneck": [lambda: iris(linear(2), layer("Tanh")), yes_or_no, number],
    "SequenceOfOneStep": [
        lambda: rows_of_digits(layer("LSTM")),
        lambda: net("Iris", layer("Unflatten", unflattened_size=(4, 1)), layer("GRU"), linear(3)),
    ],
    "UnusedIdentity": [iris, lambda: digits(branches((layer("Flatten", end_dim=1),), ()))],
    "FlattenOfFlat": [digits, lambda: rows_of_digits(layer("LSTM"))],
    "PoolingOfOne": [
        lambda: digits(layer("MaxPool2d", kernel_size=1, stride=2)),
        lambda: digits(layer("MaxPool2d", kernel_size=3, stride=1, padding=1)),
        lambda: digits(layer("AdaptiveAvgPool2d", output_size=4)),
    ],
    "UpsamplingByOne": [lambda: digits(layer("Upsample")), lambda: digits(layer("PixelShuffle"))],
    "PermuteInPlace": [
        lambda: digits(layer("Permute", dims=(1, 3, 2))),
        lambda: rows_of_digits(layer("Permute"), layer("LSTM")),
    ],
    "PaddingByNothing": [
        lambda: digits(layer("ZeroPad2d")),
        lambda: digits(layer("ZeroPad2d", padding=(0, 1, 0, 1))),
    ],
    "DropoutOfNothing": [lambda: iris(layer("Dropout", p=0.01)), digits],
    "SoftmaxOfOne": [lambda: end(SOFTMAX), lambda: end(layer("Softmax", dim=-1))],
    "EmptyBlock": [lambda: iris(group(linear(8), RELU)), lambda: iris(residual())],
    "ResidualOfNothing": [lambda: iris(residual(linear(16))), lambda: iris(group())],
    "BranchesOfNothing": [
        lambda: digits(branches((), (conv(), RELU))),
        lambda: iris(group()),
    ],
    "OneBranch": [
        lambda: digits(branches((conv(),), ())),
        lambda: digits(group(conv(), RELU)),
    ],
    "RepeatOnce": [
        lambda: digits(layer("Repeat", times=2, layers=(conv(), RELU))),
        lambda: digits(group(conv(), RELU)),
    ],
    "BatchNormOfFewSamples": [
        lambda: trained(digits(), batch_size=1),
        lambda: trained(net("Digits", conv(**BARE), NORM, RELU, FLAT, linear(10)), batch_size=8),
        lambda: trained(net("Iris", linear(8), layer("LayerNorm"), RELU, linear(3)), batch_size=1),
    ],
    "BiasBeforeBatchNorm": [
        lambda: net("Digits", conv(**BARE), NORM, RELU, FLAT, linear(10)),
        lambda: net("Digits", conv(), RELU, NORM, FLAT, linear(10)),
    ],
    "NormOfOneValue": [
        lambda: net("Digits", conv(), layer("InstanceNorm2d"), RELU, FLAT, linear(10)),
        lambda: iris(layer("LayerNorm")),
        lambda: iris(layer("GroupNorm", num_groups=4)),
    ],
    "DropoutBeforeBatchNorm": [
        lambda: net("Iris", linear(8, **BARE), NORM1, layer("Dropout"), RELU, linear(3)),
        lambda: digits(layer("Dropout2d"), conv(**BARE), NORM, RELU),
    ],
    "DropoutOfNearlyAll": [
        lambda: iris(layer("Dropout", p=0.8)),
        lambda: iris(layer("Dropout", p=0.5)),
    ],
    "KernelOfMostlyPadding": [
        lambda: digits(POOL, POOL, conv(kernel_size=3, padding=1), RELU),
        lambda: digits(POOL, POOL, POOL, conv(kernel_size=1, padding=0), RELU),
    ],
    "EvenKernelWithSame": [
        lambda: digits(conv(kernel_size=3, padding="same"), RELU),
        lambda: digits(conv(kernel_size=4, padding=1), RELU),
    ],
    "StrideBeyondKernel": [
        lambda: digits(conv(kernel_size=2, stride=2), RELU),
        lambda: digits(conv(kernel_size=1, stride=2, padding=0), RELU),
        lambda: digits(layer("ConvTranspose2d", kernel_size=2, stride=3), RELU),
    ],
    "PoolingFirst": [
        lambda: digits(POOL),
        lambda: net(
            "Digits",
            layer("MaxPool2d", kernel_size=3, stride=1, padding=1),
            conv(),
            RELU,
            FLAT,
            linear(10),
        ),
    ],
    "HugeFirstLinear": [
        lambda: net(
            "CIFAR10",
            conv(64),
            RELU,
            layer("AdaptiveAvgPool2d", output_size=4),
            FLAT,
            linear(64),
            RELU,
            linear(10),
        ),
        lambda: net("FashionMNISTSmall", FLAT, linear(2000), RELU, linear(10)),
    ],
    "UnnormalizedInputs": [
        end,
        lambda: data(digits(), normalize=False),
        lambda: data(net("Iris", NORM1, linear(3)), normalize=False),
    ],
    "TargetsOutOfRange": [
        lambda: quantity(180_000.0, 80_000.0),
        lambda: quantity(0.5, 2.0, scale_target=False),
        number,
    ],
    "EmbeddingOfNumbers": [
        lambda: data(net("Iris", layer("Embedding"), FLAT, linear(3)), normalize=False),
        end,
    ],
    "NoValidation": [end, lambda: data(end(), val_fraction=0.02)],
    "FewValidationSamples": [end, lambda: data(end(), val_fraction=0.0)],
    "NoTestSamples": [end, lambda: data(end(), test_fraction=0.01)],
    "MoreParametersThanATableTells": [
        lambda: iris(linear(200), RELU),
        lambda: net("FashionMNISTSmall", FLAT, linear(8000), RELU, linear(10)),
    ],
    "LrTooHigh": [
        lambda: optimizer(digits(), "Adam", 0.01),
        lambda: optimizer(digits(), "SGD", 1.0),
        lambda: optimizer(digits(), "SGD", 0.1, momentum=0.9),
    ],
    "LrTooLow": [
        lambda: optimizer(digits(), "Adam", 1e-5),
        lambda: optimizer(digits(), "SGD", 1e-3),
    ],
    "SgdWithoutMomentum": [
        lambda: optimizer(deep("ReLU", 5), "SGD", momentum=0.9),
        lambda: optimizer(deep("ReLU", 2), "SGD"),
        lambda: optimizer(deep("ReLU", 5), "Adam"),
    ],
    "MomentumTooHigh": [
        lambda: optimizer(digits(), "SGD", 0.01, momentum=0.95),
        lambda: optimizer(digits(), "Adam"),
    ],
    "WeightDecayTooStrong": [
        lambda: optimizer(digits(), "SGD", weight_decay=0.0005),
        lambda: optimizer(digits(), "AdamW", weight_decay=0.5),
    ],
    "BetasTheWrongWayRound": [
        lambda: optimizer(digits(), "Adam", betas=(0.5, 0.999)),
        lambda: optimizer(digits(), "SGD"),
    ],
    "EpsilonTooLarge": [
        lambda: optimizer(digits(), "Adam", eps=1e-3),
        lambda: optimizer(digits(), "Adam", eps=1e-4),
    ],
    "BatchLargerThanSet": [
        lambda: trained(end(), batch_size="all"),
        lambda: trained(digits(), batch_size=256),
    ],
    "WholeSetAtOnce": [
        lambda: trained(end(), batch_size="all"),
        lambda: trained(optimizer(digits(), "SGD"), batch_size="all"),
    ],
    "OneSampleAtATime": [
        lambda: trained(end(), batch_size=1),
        lambda: trained(net("CIFAR10", FLAT, linear(10)), batch_size=16),
    ],
    "FewSteps": [
        lambda: trained(net("FashionMNISTSmall", FLAT, linear(10)), epochs=1),
        lambda: trained(digits(), epochs=3),
    ],
    "EpochsByHeart": [
        lambda: trained(optimizer(end(), "AdamW"), epochs=2000),
        lambda: trained(iris(layer("Dropout")), epochs=2000),
        lambda: trained(net("Iris", linear(3)), epochs=2000),
    ],
}
