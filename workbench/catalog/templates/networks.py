"""A multilayer perceptron and a small convolutional network."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalog.layers.activation import ReLU
from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.pooling import MaxPool2d
from workbench.catalog.layers.reshape import Flatten
from workbench.catalog.templates.regression import flat
from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.project import Project
from workbench.core.template import Template

# Below this an epoch has so few steps that twelve of them leave the small CNN half trained.
FEW_SAMPLES = 3_000


class MLP(Template):
    """Two hidden layers."""

    name = "mlp"
    title = "Multilayer perceptron"
    summary = "Two hidden layers with ReLU: for tables and small images"
    year = 1986
    dataset = "Digits"
    recipe: ClassVar[dict[str, Any]] = {"epochs": 20}

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        hidden = [Linear(out_features=128), ReLU(), Linear(out_features=64), ReLU()]
        return [*flat(info), *hidden, Linear(out_features=outputs)]


class SmallCNN(Template):
    """Two convolutions with pooling, then two fully connected layers."""

    name = "small_cnn"
    title = "Small CNN"
    summary = "Two convolutions with pooling: the first network for images"
    year = 1989
    dataset = "FashionMNISTSmall"
    recipe: ClassVar[dict[str, Any]] = {"epochs": 12, "lr": 0.002}

    @classmethod
    def project(cls, data: DatasetSpec | None = None) -> Project:
        project = super().project(data)
        if project.data.info().sizes["train"] >= FEW_SAMPLES:
            return project
        return project.replace(train=project.train.replace(epochs=24))

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        if not info.is_image:
            raise UserError(
                "{template} needs images; {data} is a table. Choose Multilayer perceptron (mlp).",
                template=cls.title,
                data=info.title,
            )
        return [
            Conv2d(out_channels=16, kernel_size=3, padding=1),
            ReLU(),
            MaxPool2d(kernel_size=2),
            Conv2d(out_channels=32, kernel_size=3, padding=1),
            ReLU(),
            MaxPool2d(kernel_size=2),
            Flatten(),
            Linear(out_features=128),
            ReLU(),
            Linear(out_features=outputs),
        ]
