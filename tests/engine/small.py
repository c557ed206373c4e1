"""Small real projects, and what their runs say."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from workbench.core.data import DatasetSpec
from workbench.core.events import Event, StepCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import Run, create_run
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig

E = TypeVar("E", bound=Event)

LOSSES = {"Diabetes": "MSELoss", "BreastCancer": "BCEWithLogitsLoss"}


def layer(kind: str, **arguments: Any) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


def project(
    *layers: LayerSpec,
    data: DatasetSpec | str = "Digits",
    optimizer: str = "SGD",
    of_optimizer: dict[str, Any] | None = None,
    **recipe: Any,
) -> Project:
    data = DatasetSpec.named(data)() if isinstance(data, str) else data
    return Project(
        model=ModelSpec(layers=layers),
        data=data,
        train=TrainConfig(
            loss=LossSpec.named(LOSSES.get(data.kind, "CrossEntropyLoss"))(),
            optimizer=OptimizerSpec.named(optimizer)(**(of_optimizer or {})),
            **recipe,
        ),
    )


def linear(**recipe: Any) -> Project:
    """Linear regression on the diabetes patients."""
    recipe = {"lr": 0.05, "batch_size": 32, "epochs": 3} | recipe
    return project(layer("Linear", out_features=1), data=recipe.pop("data", "Diabetes"), **recipe)


def cnn(**recipe: Any) -> Project:
    """A small convolutional network on the digits."""
    layers = (
        layer("Conv2d", out_channels=4, padding=1),
        layer("ReLU"),
        layer("MaxPool2d"),
        layer("Flatten"),
        layer("Linear", out_features=10),
    )
    recipe = {"lr": 0.01, "batch_size": 64, "epochs": 2, "optimizer": "Adam"} | recipe
    return project(*layers, **recipe)


def dropping(**recipe: Any) -> Project:
    """A network whose every step draws random numbers, and that keeps running statistics."""
    layers = (
        layer("Conv2d", out_channels=4),
        layer("BatchNorm2d"),
        layer("ReLU"),
        layer("Dropout", p=0.3),
        layer("Flatten"),
        layer("Linear", out_features=10),
    )
    recipe = {"lr": 0.01, "batch_size": 50, "epochs": 3, "optimizer": "AdamW"} | recipe
    return project(*layers, **recipe)


def endless(**recipe: Any) -> Project:
    """Training that does not end by itself within a test."""
    return linear(epochs=1_000_000, **recipe)


def new_run(found: Project, folder: Path) -> Run:
    return create_run(found, folder / "runs")


def of_kind(events: Iterable[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def losses(events: Iterable[Event]) -> list[float]:
    return [event.metrics["loss"] for event in of_kind(events, StepCompleted)]
