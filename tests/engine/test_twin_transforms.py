"""`train.py` with every transform: its batches have the same random numbers, so the same losses."""

from pathlib import Path
from typing import Any

import pytest
from alone import Alone
from generated import tidy
from test_twin_sources import project
from twins import assert_the_same

from workbench.core.codegen_train import generate_program
from workbench.core.data import DatasetSpec
from workbench.core.project import Project
from workbench.core.transform import TransformSpec

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "CenterCrop": [{"size": 9}, {"size": (13, 16)}],
    "ColorJitter": [{}, {"brightness": (0.5, 0.9), "hue": 0.3}],
    "CutMix": [{"alpha": 0.4}],
    "RandAugment": [{"num_ops": 3}, {"magnitude": 21, "interpolation": "bilinear"}],
    "RandomAffine": [
        {},
        {
            "translate": (0.2, 0.1),
            "scale": (0.7, 1.4),
            "shear": 20.0,
            "interpolation": "bilinear",
            "fill": 0.5,
        },
    ],
    "RandomCrop": [
        {"size": 8},
        {"size": (7, 9), "padding": 2, "fill": 0.25},
        {"size": 10, "padding": 3, "padding_mode": "reflect"},
    ],
    "RandomErasing": [{}, {"p": 1.0, "value": 0.5}],
    "RandomResizedCrop": [{"size": 8}, {"size": (9, 7), "interpolation": "nearest"}],
    "RandomRotation": [{"degrees": 30.0}, {"degrees": (0.0, 90.0), "interpolation": "bilinear"}],
    "Resize": [{"size": 7}, {"size": (9, 15), "interpolation": "nearest"}],
}
TOGETHER: dict[str, list[dict[str, Any]]] = {
    "many": [
        {"type": "Resize", "size": 10},
        {"type": "RandomCrop", "size": 8, "padding": 1},
        {"type": "RandomHorizontalFlip"},
        {"type": "RandomRotation", "degrees": 20.0},
        {"type": "ColorJitter"},
        {"type": "RandomErasing"},
        {"type": "MixUp"},
        {"type": "CutMix"},
    ],
    "normalized by hand": [
        {"type": "RandomVerticalFlip"},
        {"type": "Normalize", "mean": (0.4, 0.5, 0.6), "std": (0.3,)},
    ],
    "in grey": [{"type": "Grayscale", "num_output_channels": 3}, {"type": "ColorJitter"}],
    "steady alone": [{"type": "Grayscale"}, {"type": "Resize", "size": 6}],
}


def images(channels: int, **options: Any) -> DatasetSpec:
    return DatasetSpec.named("FakeData")(
        size=60, num_classes=3, image_size=(channels, 12, 11), **options
    )


def chained() -> dict[str, Project]:
    """Every transform in each of its variants, some behind each other."""
    steps = [
        {"type": name, **arguments}
        for name in TransformSpec.choices()
        for arguments in VARIANTS.get(name, [{}])
        if name not in ("Grayscale", "Normalize")
    ]
    found = {}
    for channels in (1, 3):
        for start in range(0, len(steps), 5):
            chosen = steps[start : start + 5]
            names = ", ".join(step["type"] for step in chosen)
            found[f"{names} of {channels}"] = project(images(channels, prepare=chosen))
    return found


def together() -> dict[str, Project]:
    found = {name: project(images(3, prepare=steps)) for name, steps in TOGETHER.items()}
    mixed = [{"type": "MixUp"}]
    weighted = images(1, prepare=mixed, balance="weights")
    wine = DatasetSpec.named("Wine")(prepare=mixed, balance="sampling", folds=3)
    found |= {"mixed and weighted": project(weighted), "a mixed table": project(wine)}
    many = DatasetSpec.named("FakeData")(
        size=5200, num_classes=2, image_size=(1, 4, 4), prepare=[{"type": "Resize", "size": 3}]
    )
    return found | {"more than are measured": project(many, batch_size=900)}


@pytest.mark.parametrize("projects", [chained(), together()], ids=["chained", "together"])
def test_a_program_draws_what_the_app_draws(
    projects: dict[str, Project], alone: Alone, tmp_path: Path
) -> None:
    assert_the_same(projects, alone, tmp_path)


def test_the_programs_are_tidy(tmp_path: Path) -> None:
    projects = chained() | together()
    tidy({name: generate_program(each).text for name, each in projects.items()}, tmp_path)
