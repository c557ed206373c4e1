"""`train.py` of every recipe: its losses are those of the program, to the last bit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small
import torch
from alone import Alone
from generated import tidy
from torchvision import models
from twins import assert_the_same

from workbench.core.codegen_train import generate_program
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec
from workbench.core.places import weights_dir
from workbench.core.project import Project
from workbench.core.train import LossSpec, OptimizerSpec, SchedulerSpec

LOSSES: dict[str, dict[str, Any]] = {"CrossEntropyLoss": {"label_smoothing": 0.1}}
SCHEDULERS: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": 1},
    "MultiStepLR": {"milestones": (1, 2)},
    "CosineAnnealingWarmRestarts": {"T_0": 1, "T_mult": 2},
    "ReduceLROnPlateau": {"patience": 0, "threshold": 0.5},
}


def wines(**recipe: Any) -> Project:
    """A small network with all that has state of its own."""
    layers = (
        small.layer("Linear", out_features=8),
        small.layer("BatchNorm1d"),
        small.layer("Dropout", p=0.2),
        small.layer("Tanh"),
        small.layer("Linear", out_features=3),
    )
    usual: dict[str, Any] = {"data": "Wine", "lr": 0.02, "batch_size": 40, "epochs": 3}
    return small.project(*layers, **(usual | recipe))


def of_losses() -> Iterator[tuple[str, Project]]:
    for name, kind in LossSpec.choices().items():
        loss = kind(**LOSSES.get(name, {}))
        if name not in ("NLLLoss", "BCEWithLogitsLoss"):
            yield name, changed(wines(), loss=loss)
        if name not in ("NLLLoss", "BCEWithLogitsLoss"):
            by_class = wines(data=DatasetSpec.named("Wine")(balance="weights"))
            yield f"{name} by class", changed(by_class, loss=loss)
        if kind.takes_probabilities and name != "BCEWithLogitsLoss":
            mixed = wines(data=DatasetSpec.named("Wine")(prepare=[{"type": "MixUp"}]))
            yield f"{name} mixed", changed(mixed, loss=loss)
        if name not in ("CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss"):
            yield f"{name} of numbers", changed(small.linear(epochs=2), loss=loss)
    yield "BCE of two", changed(small.cnn(), loss=LossSpec.named("BCEWithLogitsLoss")())
    layers = (small.layer("Linear", out_features=3), small.layer("LogSoftmax", dim=1))
    nll = small.project(*layers, data="Wine", batch_size=20, epochs=2)
    yield "NLLLoss", changed(nll, loss=LossSpec.named("NLLLoss")())


def changed(project: Project, **recipe: Any) -> Project:
    return project.replace(train=project.train.replace(**recipe))


def of_optimizers() -> Iterator[tuple[str, Project]]:
    for name in OptimizerSpec.choices():
        yield name, wines(optimizer=name)
    yield (
        "SGD with momentum",
        wines(optimizer="SGD", of_optimizer={"momentum": 0.9, "nesterov": True}),
    )
    yield (
        "Muon and all",
        wines(optimizer="Muon", scheduler=SchedulerSpec.named("StepLR")(step_size=1), max_norm=1.0),
    )
    yield (
        "LBFGS and all",
        wines(
            optimizer="LBFGS",
            batch_size="all",
            epochs=5,
            max_norm=1.0,
            ema_decay=0.5,
            scheduler=SchedulerSpec.named("ExponentialLR")(),
        ),
    )


def of_schedulers() -> Iterator[tuple[str, Project]]:
    for name, kind in SchedulerSpec.choices().items():
        scheduler = kind(**SCHEDULERS.get(name, {}))
        yield name, wines(scheduler=scheduler)
        if not kind.every_step:
            yield f"{name} warmed up", wines(scheduler=scheduler, warmup_steps=5, optimizer="Muon")


def of_the_rest() -> Iterator[tuple[str, Project]]:
    for field, value in {
        "max_norm": 0.5,
        "accumulate": 3,
        "ema_decay": 0.7,
        "threads": 1,
    }.items():
        yield field, wines(**{field: value})
    yield (
        "precision",
        wines(precision="bf16", deterministic=True),
    )  # else it is used if it is faster
    yield "patience", wines(patience=2, epochs=9, lr=0.5, optimizer="SGD")
    by_class = DatasetSpec.named("Wine")(balance="weights")
    yield "accumulate by class", wines(data=by_class, accumulate=3, batch_size=11)
    yield "accumulate all", wines(accumulate=4, batch_size="all", epochs=5)
    yield (
        "all at once",
        small.cnn(
            max_norm=1.0,
            accumulate=2,
            ema_decay=0.9,
            patience=3,
            warmup_steps=4,
            precision="bf16",
            deterministic=True,
            scheduler=SchedulerSpec.named("CosineAnnealingLR")(),
        ),
    )
    augmented = DatasetSpec.named("Digits")(
        prepare=[{"type": "RandomAffine"}, {"type": "MixUp"}], balance="weights"
    )
    yield "dropping", small.dropping(data=augmented, accumulate=2, optimizer="Muon")


def of_weights() -> Iterator[tuple[str, Project]]:
    """A backbone that starts from the weights of a file, with a head of its own."""
    backbone = LayerSpec.named("ResNet18")
    torch.manual_seed(3)
    held = models.resnet18().state_dict()
    weights_dir().mkdir(parents=True)
    for weights, name in (("imagenet", backbone.published), ("file", "mine.pth")):
        torch.save(held, weights_dir() / name)
        given = {"file": str(weights_dir() / name)} if weights == "file" else {}
        layer = backbone(weights=weights, frozen=2, out_features=3, **given)
        data = DatasetSpec.named("FakeData")(size=30, num_classes=3)
        yield weights, small.project(layer, data=data, batch_size=12, epochs=2)


GROUPS = {
    "losses": of_losses,
    "optimizers": of_optimizers,
    "schedulers": of_schedulers,
    "the rest": of_the_rest,
    "weights": of_weights,
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_program_learns_as_its_recipe_says(group: str, alone: Alone, tmp_path: Path) -> None:
    assert_the_same(dict(GROUPS[group]()), alone, tmp_path)


def test_the_programs_are_tidy(tmp_path: Path) -> None:
    projects = {name: each for group in GROUPS.values() for name, each in group()}
    scaled = wines(precision="fp16", device="cuda:0", max_norm=1.0, optimizer="Muon")
    compiled = wines(compile=True, precision="tf32", device="cuda")
    projects |= {"scaled": scaled, "compiled": compiled}
    tidy({name: generate_program(each).text for name, each in projects.items()}, tmp_path)


def test_weights_of_safetensors_are_told_as_untold() -> None:
    layer = small.layer("ResNet18", weights="file", file="mine.safetensors")
    with pytest.raises(UserError, match="can't tell the weights of backbone1"):
        generate_program(small.project(layer, data="FakeData"))


@pytest.mark.parametrize("change", [{"accumulate": 2}, {"precision": "fp16"}])
def test_what_a_program_can_not_tell_is_told(change: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"can't tell the .* together with LBFGS"):
        generate_program(wines(optimizer="LBFGS", **change))
