"""What the data panel looks at, against numpy and torchvision on the loaded samples."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.shown import ColumnsSummed, SamplesFound, SamplesPrepared, TableHead
from workbench.core.transform import TransformSpec
from workbench.engine.looking import columns, head, prepared, samples, summary
from workbench.engine.preparation import Preparation, measured_behind
from workbench.engine.sources import recognize

CPU = torch.device("cpu")
DIGITS = DatasetSpec.named("Digits")()
IRIS = DatasetSpec.named("Iris")()


def transform(name: str, **arguments: object) -> TransformSpec:
    return TransformSpec.named(name)(**arguments)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_samples_of_a_class_are_those_of_the_split(split: str) -> None:
    *_, found = samples(DIGITS, split, 3, 2, 5)
    assert isinstance(found, SamplesFound)
    held = DIGITS.load()[split]
    rows = np.flatnonzero(held.targets == 3)
    assert found.total == len(rows)
    np.testing.assert_array_equal(found.rows, rows[2:7])
    np.testing.assert_array_equal(found.inputs, held.inputs[rows[2:7]])
    assert set(found.targets) == {3}


def test_samples_of_all_classes_come_in_turn_and_every_one_once() -> None:
    *_, found = samples(IRIS, "train", None, 0, 10_000)
    held = IRIS.load()["train"]
    assert sorted(found.rows.tolist()) == list(range(len(held.targets)))
    assert found.targets[:9].tolist() == [0, 1, 2] * 3


def test_numbers_come_in_the_order_of_the_split() -> None:
    *_, found = samples(DatasetSpec.named("Diabetes")(), "val", None, 3, 4)
    assert found.rows.tolist() == [3, 4, 5, 6]


def test_without_transforms_nothing_changes() -> None:
    (shown,) = prepared(DIGITS, (0, 4), 2, 0)
    assert isinstance(shown, SamplesPrepared)
    np.testing.assert_array_equal(shown.before, DIGITS.load()["train"].inputs[[0, 4]])
    whole = (shown.before / 16 * 255).round().astype(np.uint8)
    np.testing.assert_array_equal(shown.after, np.stack([whole, whole]))


def test_transforms_are_shown_in_their_order() -> None:
    made = (transform("Resize", size=16), transform("RandomHorizontalFlip", p=1.0))
    (shown,) = prepared(DIGITS.replace(prepare=made), (0, 1, 2), 1, 0)
    images = torch.from_numpy(shown.before).float() / 16
    expected = v2.functional.horizontal_flip(v2.functional.resize(images, [16, 16]))
    np.testing.assert_allclose(shown.after[0], expected * 255, atol=1.5)


def test_random_transforms_are_drawn_anew_and_the_same_for_the_same_seed() -> None:
    data = DIGITS.replace(prepare=(transform("RandomRotation", degrees=90.0),))
    (first,), (again,) = prepared(data, (0, 1), 3, 5), prepared(data, (0, 1), 3, 5)
    np.testing.assert_array_equal(first.after, again.after)
    assert len({draw.tobytes() for draw in first.after}) == 3


def test_mixed_samples_are_shown() -> None:
    (shown,) = prepared(DIGITS.replace(prepare=(transform("MixUp"),)), (0, 1, 2), 2, 0)
    assert shown.after.shape == (2, 3, 1, 8, 8)


def test_columns_in_figures() -> None:
    *_, told = columns(IRIS)
    assert isinstance(told, ColumnsSummed)
    train = IRIS.load()["train"]
    target, *features = told.columns
    assert target.name == "species"
    assert target.counts == np.bincount(train.targets).tolist()
    assert target.labels == ("setosa", "versicolor", "virginica")
    for place, column in enumerate(features):
        values = train.inputs[:, place].astype(float)
        assert column.name == IRIS.info().features[place]
        assert sum(column.counts) == len(values)
        np.testing.assert_allclose(
            (column.low, column.high, column.mean, column.std),
            (values.min(), values.max(), values.mean(), values.std()),
        )
        assert column.counts == np.histogram(values, len(column.counts))[0].tolist()


def test_what_is_missing_is_counted_apart() -> None:
    told = summary("x", np.array([1.0, np.nan, 3.0, np.inf]))
    assert (told.missing, told.mean, sum(told.counts)) == (2, 2.0, 2)
    assert summary("x", np.array([np.nan])).counts == ()


def test_images_have_no_columns() -> None:
    with pytest.raises(UserError, match="no table"):
        list(columns(DIGITS))


def test_the_first_rows_of_a_file_are_told_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n1,50;x;yes\n2;;no\n3;z;yes\n4;x;no\n", "utf-8")
    *_, found = recognize(path)
    (told,) = head(found.data, 2)
    assert isinstance(told, TableHead)
    assert told.columns == (("1,50", "2"), ("x", ""), ("yes", "no"))


def test_preparing_no_samples_is_a_sentence() -> None:
    with pytest.raises(UserError, match="No sample is chosen"):
        list(prepared(DIGITS, (), 1, 0))


def test_what_is_shown_is_what_training_gets() -> None:
    """Before it is normalized, with every kind of step that draws."""
    steps = (transform("RandomCrop", size=8, padding=2), transform("ColorJitter", brightness=0.5))
    data = DIGITS.replace(prepare=(*steps, transform("CutMix")), normalize=True)
    rows = (3, 1, 40, 7)
    (shown,) = prepared(data, rows, 2, 9)
    train = data.load()["train"]
    given = torch.from_numpy(train.inputs[list(rows)])
    targets = torch.from_numpy(train.targets[list(rows)])
    training = Preparation(data.replace(normalize=False), measured_behind(data, train), CPU)
    for number, images in enumerate(shown.after):
        drawn, _ = training.trained(given, targets, torch.Generator().manual_seed(9 + number))
        np.testing.assert_array_equal(images, (drawn.clamp(0, 1) * 255).round())
