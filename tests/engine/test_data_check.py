"""The data check: every fault that is planted is found, where it was planted, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.data import DatasetInfo, DatasetSpec, Samples, Split, Task
from workbench.core.data_check import DataChecked, Finding
from workbench.core.events import Progress
from workbench.engine.checks import Subject
from workbench.engine.checks.alike import NEAR_BITS, _hashes, _resized
from workbench.engine.data_check import check, findings

Splits = dict[Split, Samples]
DRAW = np.random.default_rng(7)
DATA = DatasetSpec.named("Iris")()
BUILT_IN = {
    "Digits": [],
    "Iris": ["duplicate"],  # rows 102 and 143 of the published table are the same flower
    "BreastCancer": [],
    "Wine": [],
    "Diabetes": [],
}


def rows(count: int, columns: int = 5, classes: int = 3) -> Samples:
    targets = np.arange(count) % classes
    return Samples(DRAW.normal(size=(count, columns)).astype(np.float32), targets.astype(np.int64))


def photographs(count: int, size: int = 48, classes: int = 2) -> Samples:
    """Smooth pictures, each with its own lights and shades, and some noise."""
    down, right = np.mgrid[0:size, 0:size] / size
    lights = DRAW.uniform(0, 1, (count, 12, 4))
    pictures = np.zeros((count, size, size))
    for number, own in enumerate(lights):
        for x, y, strength, width in own:
            square = (right - x) ** 2 + (down - y) ** 2
            pictures[number] += (strength - 0.5) * np.exp(-square / (0.005 + 0.05 * width))
    pictures = 120 + 150 * pictures + DRAW.normal(0, 2, pictures.shape)
    grey = pictures.clip(0, 255).astype(np.uint8)[:, None]
    return Samples(grey, (np.arange(count) % classes).astype(np.int64))


def found(
    splits: Mapping[Split, Samples],
    task: Task = "classification",
    classes: int = 3,
    data: DatasetSpec = DATA,
) -> dict[str, Finding]:
    shape = tuple(splits["train"].inputs.shape[1:])
    info = DatasetInfo(
        title="planted",
        origin="test",
        shape=shape,
        task=task,
        sizes={name: len(samples.targets) for name, samples in splits.items()},
        classes=tuple("abcdef"[:classes]) if task == "classification" else (),
        features=tuple(f"f{n}" for n in range(shape[0])) if len(shape) == 1 else (),
    )
    told = [f for f in findings(Subject(data, info, splits)) if isinstance(f, Finding)]
    for finding in told:
        assert finding.to_dict()["message"]
        assert "{" not in finding.to_dict()["message"] + finding.to_dict()["advice"]
    assert len({finding.kind for finding in told}) == len(told)
    return {finding.kind: finding for finding in told}


@pytest.fixture
def table() -> Splits:
    return {"train": rows(300), "val": rows(60), "test": rows(60)}


@pytest.fixture
def images() -> Splits:
    return {"train": photographs(80), "val": photographs(20), "test": photographs(20)}


def test_nothing_is_found_where_nothing_is_wrong(table: Splits, images: Splits) -> None:
    assert found(table) == {}
    assert found(images, classes=2) == {}


@pytest.mark.parametrize(("name", "kinds"), BUILT_IN.items())
def test_built_in_data_have_true_findings_only(name: str, kinds: list[str]) -> None:
    *before, last = check(DatasetSpec.named(name)())
    assert isinstance(last, DataChecked)
    assert [finding.kind for finding in last.findings] == kinds
    assert {finding.severity for finding in last.findings} <= {"note"}
    assert all(isinstance(event, Progress) for event in before)
    assert last.samples == sum(DatasetSpec.named(name)().info().sizes.values())


def test_copies_across_splits_are_leaks(table: Splits) -> None:
    for row in range(20):
        table["test"].inputs[row] = table["train"].inputs[3 * row]
        table["test"].targets[row] = table["train"].targets[3 * row]
    leak = found(table)["leak"]
    assert (leak.severity, leak.count) == ("error", 20)
    assert leak.where == tuple(f"test {row} = train {3 * row}" for row in range(20))


def test_a_sample_that_occurs_ten_thousand_times_is_compared_with_its_first_copy() -> None:
    """All pairs of them would be a billion."""

    def alike(count: int) -> Samples:
        return Samples(np.ones((count, 2), np.float32), np.arange(count) % 3)

    other = Samples(np.random.default_rng(0).random((30, 2), np.float32), np.arange(30) % 3)
    told = found({"train": alike(30_000), "val": other, "test": alike(30_000)})
    assert (told["leak"].count, told["leak"].where[0]) == (30_000, "test 0 = train 0")
    assert told["duplicate"].count == 60_000 - 2


def test_copies_of_validation_in_the_test_are_told(table: Splits) -> None:
    table["test"].inputs[:20] = table["val"].inputs[10:30]
    told = found(table)
    assert (told["shared"].severity, told["shared"].count) == ("error", 20)
    assert told["shared"].where == tuple(f"test {row} = val {row + 10}" for row in range(20))
    assert "leak" not in told


def test_few_leaks_are_a_note(table: Splits) -> None:
    table["val"].inputs[0] = table["train"].inputs[0]
    assert found(table)["leak"].severity == "note"


def test_copies_within_a_split_and_with_other_labels(table: Splits) -> None:
    train = table["train"]
    train.inputs[[9, 12]] = train.inputs[0]  # both of class 0, as row 0
    train.inputs[4] = train.inputs[2]
    told = found(table)
    assert told["duplicate"].where == ("train 9", "train 12", "train 4")
    assert told["contradiction"].where == ("train 2",)
    assert "leak" not in told


def test_near_copies_of_images_are_leaks(images: Splits) -> None:
    """As saved again at another quality: a little brighter, and with other noise."""
    for row in range(6):
        again = images["train"].inputs[10 * row].astype(float) * 1.03 + 2
        again += DRAW.normal(0, 2, again.shape)
        images["val"].inputs[row] = again.clip(0, 255).astype(np.uint8)
    told = found(images, classes=2)
    assert set(told) == {"near_leak"}
    assert told["near_leak"].where == tuple(f"val {row} = train {10 * row}" for row in range(6))


def test_near_copies_of_validation_in_the_test_are_told(images: Splits) -> None:
    for row in range(4):
        again = images["val"].inputs[row + 9].astype(float) * 1.03 + 2
        images["test"].inputs[row] = again.clip(0, 255).astype(np.uint8)
    told = found(images, classes=2)
    assert set(told) == {"near_shared"}
    assert told["near_shared"].where == tuple(f"test {row} = val {row + 9}" for row in range(4))


def test_icons_that_differ_by_a_mark_are_no_copies() -> None:
    down, right = np.mgrid[0:32, 0:32]
    icon = np.where((down - 16) ** 2 + (right - 16) ** 2 < 150, 255, 0).astype(np.uint8)
    icons = np.repeat(icon[None, None], 24, axis=0)
    for place in range(24):
        row, column = 9 + 3 * (place // 5), 9 + 3 * (place % 5)
        icons[place, 0, row : row + 2, column : column + 2] = 90
    parts = {"train": icons[:16], "val": icons[16:20], "test": icons[20:]}
    splits: Splits = {name: Samples(own, np.arange(len(own)) % 2) for name, own in parts.items()}
    assert "near_leak" not in found(splits, classes=2)


def test_the_hash_is_the_difference_hash() -> None:
    """Bit by bit as its author wrote it, on an image that needs no resizing."""
    grey = DRAW.integers(0, 256, (8, 9)).astype(np.float32)
    right = [(y, x) for y in range(8) for x in range(8)]
    bits = "".join("1" if grey[y, x] > grey[y, x + 1] else "0" for y, x in right)
    told = _hashes(grey[None])[0]
    assert format(int.from_bytes(told.tobytes(), "big"), "064b") == bits
    assert NEAR_BITS == 10
    import torch

    np.testing.assert_allclose(_resized(torch.from_numpy(grey)[None, None], (8, 9))[0], grey)


def test_classes_without_or_with_few_samples(table: Splits) -> None:
    table["train"].targets[:] = np.where(np.arange(300) < 4, 2, 1)
    told = found(table)
    assert (told["empty_class"].severity, told["empty_class"].where) == ("error", ("a",))
    assert (told["small_class"].severity, told["small_class"].where) == ("warning", ("c: 4",))
    assert told["imbalance"].where == ("b: 296", "c: 4")
    assert "74 times" in told["imbalance"].to_dict()["message"]


def test_a_class_that_is_not_measured(table: Splits) -> None:
    table["val"].targets[table["val"].targets == 1] = 0
    assert found(table)["class_not_measured"].where == ("b",)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(table: Splits, value: float) -> None:
    table["val"].inputs[7, 2] = value
    told = found(table)["not_finite"]
    assert (told.severity, told.where) == ("error", ("val 7",))


def test_targets_that_are_not_finite() -> None:
    def regression(count: int) -> Samples:
        return Samples(rows(count).inputs, DRAW.normal(size=count).astype(np.float32))

    splits: Splits = {"train": regression(90), "val": regression(20), "test": regression(20)}
    assert found(splits, "regression") == {}
    splits["train"].targets[3] = np.nan
    assert found(splits, "regression")["not_finite"].where == ("train 3",)


def test_columns_that_say_nothing(table: Splits) -> None:
    for samples in table.values():
        samples.inputs[:, 1] = 4
        samples.inputs[:, 3] = np.nan
    told = found(table)
    assert told["constant"].where == ("f1",)
    assert (told["all_missing"].severity, told["all_missing"].where) == ("error", ("f3",))


def test_columns_on_far_scales_can_be_normalized_by_a_click(table: Splits) -> None:
    for samples in table.values():
        samples.inputs[:, 2] *= 5000
    assert found(table) == {}  # DATA normalizes
    told = found(table, data=DATA.replace(normalize=False))["scale"]
    assert told.fix == DATA
    assert told.severity == "warning"


def leak_of_classes(targets: NDArray[np.int64], kind: str) -> NDArray[np.float64]:
    if kind == "code":
        return np.array([30.0, -2.0, 7.0])[targets]
    if kind == "noisy":
        return targets + DRAW.normal(0, 0.01, len(targets))
    return targets.astype(np.float64)


@pytest.mark.parametrize("kind", ["same", "code", "noisy"])
def test_columns_that_give_the_class_away(table: Splits, kind: str) -> None:
    for samples in table.values():
        samples.inputs[:, 4] = leak_of_classes(samples.targets, kind)
    told = found(table)["target_leak"]
    assert (told.severity, told.where) == ("error", ("f4",))


@pytest.mark.parametrize("power", [1, 3, -1])
def test_columns_that_give_a_number_away(power: int) -> None:
    def leaking(count: int) -> Samples:
        samples = rows(count)
        targets = DRAW.uniform(1, 3, count).astype(np.float32)
        samples.inputs[:, 0] = targets.astype(np.float64) ** power
        return Samples(samples.inputs, targets)

    splits: Splits = {"train": leaking(200), "val": leaking(20), "test": leaking(20)}
    assert found(splits, "regression")["target_leak"].where == ("f0",)


def test_row_numbers(table: Splits) -> None:
    numbers = DRAW.permutation(420)
    start = 0
    for samples in table.values():
        samples.inputs[:, 0] = numbers[start : start + len(samples.targets)]
        start += len(samples.targets)
    assert found(table)["row_number"].where == ("f0",)


def test_blank_images(images: Splits) -> None:
    images["train"].inputs[3] = 0
    assert found(images, classes=2)["blank"].where == ("train 3",)


def test_the_worst_comes_first_and_long_lists_are_cut(home: Path) -> None:
    splits: Splits = {"train": rows(300), "val": rows(60), "test": rows(60)}
    splits["train"].inputs[100:200] = splits["train"].inputs[:1]
    splits["train"].targets[100:200] = splits["train"].targets[0]
    told = found(splits)["duplicate"]
    assert told.count == 100
    assert len(told.where) == 20
