"""Linear, logistic and softmax regression: one Linear layer, told apart by their loss."""

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.reshape import Flatten
from workbench.core.data import DatasetInfo
from workbench.core.layer import LayerSpec
from workbench.core.template import Template


def flat(info: DatasetInfo) -> list[LayerSpec]:
    """The Flatten that images and sequences need in front of Linear, and tables do not."""
    return [Flatten()] if len(info.shape) > 1 else []


class LinearRegression(Template):
    """One number as a weighted sum of the inputs."""

    name = "linear_regression"
    title = "Linear regression"
    summary = "A number as a weighted sum of the inputs: Linear and MSELoss, on diabetes"
    dataset = "Diabetes"
    loss = "MSELoss"
    optimizer: ClassVar[dict[str, Any]] = {"type": "SGD"}
    recipe: ClassVar[dict[str, Any]] = {"lr": 0.05, "batch_size": 32, "epochs": 60}

    @classmethod
    def layers(cls, info: DatasetInfo, outputs: int) -> Sequence[LayerSpec]:
        return [*flat(info), Linear(out_features=outputs)]


class LogisticRegression(LinearRegression):
    """Yes or no from a weighted sum of the inputs."""

    name = "logistic_regression"
    title = "Logistic regression"
    summary = "Yes or no: Linear and BCEWithLogitsLoss, on breast cancer"
    dataset = "BreastCancer"
    loss = "BCEWithLogitsLoss"
    adapts = False
    recipe: ClassVar[dict[str, Any]] = {"lr": 0.1, "batch_size": 32, "epochs": 60}


class SoftmaxRegression(LinearRegression):
    """One of several classes from one weighted sum for each."""

    name = "softmax_regression"
    title = "Softmax regression"
    summary = "One of several classes: Linear and CrossEntropyLoss, on iris"
    dataset = "Iris"
    loss = "CrossEntropyLoss"
    adapts = False
    recipe: ClassVar[dict[str, Any]] = {"lr": 0.1, "batch_size": 16, "epochs": 80}
