"""Looking at whole datasets: large samples one by one, and tables without a copy in doubles."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_data_check import found

from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split
from workbench.core.data_check import Finding
from workbench.engine import describe
from workbench.engine.checks import Subject, alike
from workbench.engine.checks.values import values

Splits = dict[Split, Samples]
DRAW = np.random.default_rng(11)
SIDE = 800
LARGE = 3 * SIDE * SIDE
"""Bytes of a large image; a hundred of them are 200 MB."""


class OnDemand:
    """Images as `Rows` gives them: each is made when it is asked for, as if read from a file."""

    def __init__(self, count: int) -> None:
        self.shape, self.dtype, self.ndim = (count, 3, SIDE, SIDE), np.dtype(np.uint8), 4
        self.itemsize, self.nbytes, self.most = 1, count * LARGE, 0

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice) -> np.ndarray:
        rows = range(len(self))[key]
        self.most = max(self.most, len(rows))
        images = np.zeros((len(rows), *self.shape[1:]), np.uint8)
        for image, row in zip(images, rows, strict=True):
            image[:, :: row + 2] = 255  # stripes, and in two of them nothing
            image[:] *= row not in (1, 70)
        return images


def peak(work: Callable[[], Any]) -> tuple[int, Any]:
    tracemalloc.start()
    try:
        made = work()
        return tracemalloc.get_traced_memory()[1], made
    finally:
        tracemalloc.stop()


def of_images() -> Subject:
    splits = {
        name: Samples(OnDemand(count), np.arange(count) % 2)
        for name, count in (("train", 80), ("val", 20), ("test", 0))
    }
    data = DatasetSpec.named("Digits")()
    info = replace(data.source_info(), shape=(3, SIDE, SIDE), full_scale=255.0)
    return Subject(data, info, splits)


def test_large_images_are_looked_at_a_few_at_a_time() -> None:
    subject = of_images()
    most, told = peak(lambda: [f for f in values(subject) if isinstance(f, Finding)])
    assert [(f.kind, f.where) for f in told] == [("blank", ("train 1", "train 70", "val 1"))]
    assert most < 10 * LARGE
    assert max(samples.inputs.most for samples in subject.splits.values()) * LARGE <= 4_000_000


def test_large_images_are_compared_a_few_at_a_time() -> None:
    subject = of_images()
    assert list(alike.near_pairs(subject)), "it tells how far it is"
    assert max(samples.inputs.most for samples in subject.splits.values()) * LARGE <= 4_000_000


def test_near_copies_are_found_across_all_that_are_compared_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each with the first of the training images that are like it, wherever it stands."""
    smooth = DRAW.uniform(0, 255, (90, 1, 4, 4)).repeat(8, 2).repeat(8, 3)
    train = smooth.astype(np.uint8)
    train[50] = train[7]
    train[50, :, :2, :2] = 0
    held = train[[80, 7, 33, 61]] // 2 + 40
    splits: Splits = {
        "train": Samples(train, np.arange(90) % 2),
        "val": Samples(held, np.array([0, 1, 1, 1])),
        "test": Samples(held[:0], np.zeros(0, np.int64)),
    }
    whole = found(splits, classes=2)["near_leak"]
    assert whole.where == tuple(f"val {n} = train {row}" for n, row in enumerate((80, 7, 33, 61)))
    monkeypatch.setattr(alike, "HELD", 3)
    monkeypatch.setattr(alike, "TRAINED", 7)
    assert found(splits, classes=2)["near_leak"] == whole


def rows(count: int, columns: int) -> Samples:
    inputs = DRAW.normal(size=(count, columns)).astype(np.float32)
    return Samples(inputs, (np.arange(count) % 3).astype(np.int64))


def test_a_table_is_checked_without_a_copy_of_it() -> None:
    splits: Splits = {"train": rows(20_000, 60), "val": rows(2000, 60), "test": rows(2000, 60)}
    train = splits["train"]
    train.inputs[5, 3] = np.nan
    train.inputs[:, 9] = 2.5
    train.inputs[:, 20] *= 3000
    train.inputs[:, 40] = train.targets * 7 + 1
    data = DatasetSpec.named("Iris")(normalize=False)
    info = DatasetInfo(
        title="drawn",
        origin="test",
        shape=(60,),
        task="classification",
        sizes={},
        classes=("a", "b", "c"),
    )
    most, told = peak(lambda: list(values(Subject(data, info, splits))))
    kinds = {finding.kind: finding.where for finding in told}
    assert kinds == {
        "not_finite": ("train 5",),
        "constant": ("column 10",),
        "scale": (),
        "target_leak": ("column 41",),
    }
    assert most < train.inputs.nbytes


def shown(inputs: np.ndarray, task: str, features: int) -> np.ndarray:
    info = DatasetInfo(
        title="drawn",
        origin="test",
        shape=inputs.shape[1:],
        task="regression" if task == "regression" else "classification",
        sizes={},
        features=tuple(f"f{number}" for number in range(features)),
    )
    return describe._to_show(inputs, info)


def test_of_a_table_the_window_gets_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows(500, 12).inputs
    np.testing.assert_array_equal(shown(table, "classification", 12), table)
    assert shown(table, "classification", 0).shape == (500, 0), "columns without a name"
    assert shown(table, "regression", 12).shape == (500, 0), "a scatter of numbers"
    monkeypatch.setattr(describe, "SHOWN_BYTES", 500 * 4 * 5)
    np.testing.assert_array_equal(shown(table, "classification", 12), table[:, :5])
    series = DRAW.normal(size=(50, 200, 3)).astype(np.float32)
    assert shown(series, "classification", 3).shape == (50, 0)
