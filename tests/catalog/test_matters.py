"""`matters`: a field that is said to change nothing changes no sample of any split."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from image_files import folder
from written import opened, people, table

from workbench.core.data import SPLITS, DatasetSpec

OTHER = {
    "val_fraction": 0.3,
    "test_fraction": 0.3,
    "split_seed": 7,
    "stratify": False,
    "folds": 3,
    "fold": 2,
    "horizon": 3,
    "stride": 2,
    "scale_target": False,
    "skip_unreadable": True,
}


def split_table(path: Path) -> Path:
    columns = people()
    parts = ("train", "train", "train", "val", "test")
    count = len(next(iter(columns.values())))
    return table(path, {**columns, "part": [parts[row % 5] for row in range(count)]})


def parted(root: Path) -> Path:
    for split in SPLITS:
        folder(root / split, each=4)
    return root


@pytest.fixture(params=["digits", "folds", "parted", "whole", "table", "part", "series"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatasetSpec]:
    digits = DatasetSpec.named("Digits")
    match request.param:
        case "digits":
            yield digits()
        case "folds":
            yield digits(folds=4)
        case "parted":
            yield opened(parted(tmp_path / "images"))
        case "whole":
            yield opened(folder(tmp_path / "images"))
        case "table":
            yield opened(table(tmp_path / "people.csv", people()))
        case "part":
            yield opened(split_table(tmp_path / "people.csv"))
        case "series":
            numbers = {"load": np.arange(90.0).tolist(), "heat": np.arange(90.0)[::-1].tolist()}
            yield opened(table(tmp_path / "load.csv", numbers)).replace(window=4)


def test_what_does_not_matter_changes_no_sample(data: DatasetSpec) -> None:
    hidden = [name for name in type(data).model_fields if not data.matters(name)]
    assert set(hidden) <= set(OTHER)
    before = data.load()
    for name in hidden:
        if name == "fold":  # there is no second fold, and so nothing to change
            assert data.folds == 1
            continue
        after = data.replace(**{name: OTHER[name]}).load()
        for split in SPLITS:
            assert np.array_equal(before[split].targets, after[split].targets), (name, split)
            assert np.array_equal(np.asarray(before[split].inputs), np.asarray(after[split].inputs))


def test_what_matters_changes_the_samples(data: DatasetSpec) -> None:
    """The fields of the split that are shown do something, as long as one is not as the other."""
    before = data.load()
    for name in ("val_fraction", "test_fraction", "split_seed"):
        if name in type(data).model_fields and data.matters(name):
            after = data.replace(**{name: OTHER[name]}).load()
            assert any(
                not np.array_equal(np.asarray(before[s].inputs), np.asarray(after[s].inputs))
                for s in SPLITS
            ), name
