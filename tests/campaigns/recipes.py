"""What the campaign of kills trains: together, every optimizer, scheduler and augmentation there
is, and data of a person's own."""

import csv
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.data import DatasetSpec
from workbench.core.events import DatasetRecognized
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.train import OptimizerSpec, SchedulerSpec, TrainConfig
from workbench.core.transform import TransformSpec
from workbench.engine.sources import recognize

ADAM = {"optimizer": {"type": "Adam"}, "lr": 0.002}
EPOCHS = 12
CROP = {"type": "RandomCrop", "size": 8, "padding": 1}
CROP_OF_ANY_SIZE = {"type": "RandomResizedCrop", "size": 8}

RECIPES: dict[str, dict[str, Any]] = {
    "Adam": ADAM,
    "SGD with Nesterov, StepLR, warm-up": {
        "optimizer": {"type": "SGD", "momentum": 0.9, "nesterov": True},
        "scheduler": {"type": "StepLR", "step_size": 3, "gamma": 0.7},
        "warmup_steps": 90,
        "lr": 0.02,
    },
    "AdamW, OneCycleLR, averaged weights": {
        "optimizer": {"type": "AdamW"},
        "scheduler": {"type": "OneCycleLR"},
        "ema_decay": 0.99,
        "lr": 0.005,
    },
    "RMSprop, ReduceLROnPlateau": {
        "optimizer": {"type": "RMSprop", "momentum": 0.5},
        "scheduler": {"type": "ReduceLROnPlateau", "patience": 1},
        "lr": 0.001,
    },
    "Adagrad, MultiStepLR, accumulated and clipped": {
        "optimizer": {"type": "Adagrad"},
        "scheduler": {"type": "MultiStepLR", "milestones": (4, 9)},
        "accumulate": 3,
        "max_norm": 0.5,
        "lr": 0.01,
    },
    "Muon, CosineAnnealingLR": {
        "optimizer": {"type": "Muon"},
        "scheduler": {"type": "CosineAnnealingLR"},
        "lr": 0.002,
    },
    "LBFGS": {
        "optimizer": {"type": "LBFGS", "max_iter": 3, "history_size": 5},
        "lr": 0.3,
        "epochs": 4,
    },
    "SGD, CosineAnnealingWarmRestarts, bf16": {
        "optimizer": {"type": "SGD"},
        "scheduler": {"type": "CosineAnnealingWarmRestarts", "T_0": 3},
        "precision": "bf16",
        "lr": 0.05,
    },
    "Adam, ExponentialLR, patience": {
        "optimizer": {"type": "Adam"},
        "scheduler": {"type": "ExponentialLR", "gamma": 0.95},
        "patience": 3,
        "lr": 0.02,
        "epochs": 60,
    },
    "Adam, crops, turns and noise": {
        **ADAM,
        "prepare": (CROP, "RandomRotation", "RandomAffine", "RandomErasing"),
    },
    "Adam, flips and crops of any size": {
        **ADAM,
        "prepare": ("RandomHorizontalFlip", "RandomVerticalFlip", CROP_OF_ANY_SIZE),
    },
    "Adam, MixUp": {**ADAM, "prepare": ("MixUp",)},
    "AdamW, CutMix, averaged weights, warm-up": {
        **ADAM,
        "optimizer": {"type": "AdamW"},
        "prepare": ("CutMix",),
        "ema_decay": 0.95,
        "warmup_steps": 60,
    },
    "Adam, rare samples drawn more often": {**ADAM, "balance": "sampling"},
    "SGD, rare samples count more, accumulated": {
        "optimizer": {"type": "SGD", "momentum": 0.9},
        "balance": "weights",
        "accumulate": 4,
        "lr": 0.02,
    },
    "Adam, own photographs, colours and RandAugment": {
        **ADAM,
        "data": "photographs",
        "prepare": ("ColorJitter", "RandAugment"),
    },
    "AdamW, own table": {**ADAM, "optimizer": {"type": "AdamW"}, "data": "table"},
    "Adam, own sequences": {**ADAM, "data": "sequences"},
}


def uncovered() -> set[str]:
    """The optimizers, schedulers and augmentations that no recipe has."""
    there = {*OptimizerSpec.choices(), *SchedulerSpec.choices()} - {"NoScheduler"}
    there |= {name for name, kind in TransformSpec.choices().items() if kind.train_only}
    for recipe in RECIPES.values():
        there -= {recipe["optimizer"]["type"], recipe.get("scheduler", {}).get("type")}
        there -= {each["type"] for each in _prepare(recipe)}
    return there


def _prepare(recipe: dict[str, Any]) -> list[dict[str, Any]]:
    told = recipe.get("prepare", ())
    return [{"type": each} if isinstance(each, str) else each for each in told]


def project(name: str, folder: Path) -> Project:
    """A recipe with a network that draws random numbers and keeps statistics; data of a person's
    own are written into the folder, once."""
    recipe = RECIPES[name]
    prepare = tuple(map(TransformSpec.model_validate, _prepare(recipe)))
    data = _data(recipe.get("data", "Digits"), folder)
    data = data.replace(prepare=prepare, balance=recipe.get("balance", "none"))
    return Project(
        model=ModelSpec(layers=_layers(data)),
        data=data,
        train=TrainConfig.model_validate(
            {
                "loss": {"type": "CrossEntropyLoss"},
                "batch_size": 32,
                "epochs": EPOCHS,
                "deterministic": True,
                "threads": 1,
                **{key: recipe[key] for key in recipe if key not in ("data", "prepare", "balance")},
            }
        ),
    )


def _layers(data: DatasetSpec) -> tuple[LayerSpec, ...]:
    info = data.info()
    if info.is_image:
        first = [_layer("Conv2d", out_channels=8, padding=1), _layer("BatchNorm2d")]
        first += [_layer("ReLU"), _layer("Flatten")]
    elif len(info.shape) == 2:
        first = [_layer("LSTM", hidden_size=16), _layer("Flatten")]
    else:
        first = []
    hidden = [_layer("Linear", out_features=24), _layer("Dropout", p=0.2)]
    return (*first, *hidden, _layer("Linear", out_features=len(info.classes)))


def _layer(kind: str, **arguments: Any) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


@functools.cache
def _data(kind: str, folder: Path) -> DatasetSpec:
    if kind not in OWN:
        return DatasetSpec.named(kind)()
    path = OWN[kind](folder / kind)
    return next(event.data for event in recognize(path) if isinstance(event, DatasetRecognized))


def _photographs(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    for number in range(360):
        below = folder / "abc"[number % 3]
        below.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 90, (12, 12, 3)) + 80 * (np.arange(3) == number % 3)
        Image.fromarray(pixels.astype(np.uint8)).save(below / f"{number:03}.png")
    return folder


def _table(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    rows: list[list[Any]] = [["length", "width", "colour", "species"]]
    for number in range(900):
        width = "" if number % 25 == 0 else round(draw.normal(number % 3), 2)
        colour = ("red", "blue", "white")[draw.integers(3)]
        rows.append([round(draw.normal(4 + number % 3), 2), width, colour, f"kind {number % 3}"])
    return _written(folder / "flowers.csv", rows)


def _sequences(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    for number in range(300):
        steps = draw.normal(number % 2, 1.0, (6 + number % 4, 2)).round(3).tolist()
        _written(folder / "ab"[number % 2] / f"{number:03}.csv", [["x", "y"], *steps])
    return folder


def _written(path: Path, rows: list[list[Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


OWN: dict[str, Callable[[Path], Path]] = {
    "photographs": _photographs,
    "table": _table,
    "sequences": _sequences,
}
