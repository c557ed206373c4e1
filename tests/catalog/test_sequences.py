"""Folders of sequences, a table each."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from tests.written import opened, table
from workbench.core.data import SPLITS, DatasetSpec
from workbench.core.errors import UserError
from workbench.core.files import parse_json
from workbench.core.spec import validated

ALL = {"val_fraction": 0.0, "test_fraction": 0.0}


def steps(length: int, start: float) -> dict[str, list[object]]:
    return {
        "time": [f"12:{step:02}" for step in range(length)],
        "x": [start + step for step in range(length)],
        "y": ["" if step == 1 else start * step for step in range(length)],
    }


@pytest.fixture
def by_class(tmp_path: Path) -> Path:
    for place, label in enumerate(("walk", "run", "sit")):
        folder = tmp_path / "moves" / label
        folder.mkdir(parents=True)
        for number in range(6):
            table(folder / f"{number}.csv", steps(4 + number, 100 * place + number))
    return tmp_path / "moves"


def test_a_folder_for_each_class(by_class: Path) -> None:
    data = opened(by_class, **ALL)
    info, train = data.info(), data.load()["train"]
    assert (data.kind, info.shape, info.features) == ("Sequences", (9, 2), ("x", "y"))
    assert (info.classes, info.sizes["train"]) == (("run", "sit", "walk"), 18)
    for sample, target in zip(*train, strict=True):
        length = int((sample[:, 0] > 0).sum()) + (sample[:, 0].max() == sample.shape[0])
        start = {"walk": 0, "run": 100, "sit": 200}[info.classes[target]]
        number = int(sample[-1, 0] - start) // 2 - 1
        shown = sample[9 - (4 + number) :]
        assert shown[:, 0].tolist() == [start + number + step for step in range(4 + number)]
        assert shown[1, 1] == shown[0, 1] == 0, "what was before stands in"
        assert (sample[: 9 - (4 + number)] == 0).all()
        assert length


def test_the_length_is_cut_in_front_and_features_are_chosen(by_class: Path) -> None:
    whole = opened(by_class, **ALL).load()["train"].inputs
    data = opened(by_class, length=3, features=["x"], **ALL)
    assert data.info().shape == (3, 1)
    assert (data.load()["train"].inputs[:, :, 0] == whole[:, -3:, 0]).all()
    longer = data.replace(length=20, features=())
    assert (longer.load()["train"].inputs[:, 11:] == whole).all()
    text = json.dumps(data.model_dump(mode="json"), allow_nan=False)
    assert validated(DatasetSpec, parse_json(text, "here"), "here") == data


def test_folders_for_the_splits(by_class: Path) -> None:
    for name in ("train", "test"):
        (by_class.parent / "set" / name).mkdir(parents=True)
    for label in ("walk", "run"):
        (by_class / label).rename(by_class.parent / "set" / "train" / label)
    (by_class / "sit").rename(by_class.parent / "set" / "test" / "sit")
    data = opened(by_class.parent / "set", val_fraction=0.25)
    assert data.info().sizes == {"train": 9, "val": 3, "test": 6}
    assert {len(data.load()[split].targets) for split in SPLITS} == {9, 3, 6}


@pytest.mark.parametrize("suffix", ["", ".csv"])
def test_a_table_of_targets(tmp_path: Path, suffix: str) -> None:
    values = {f"s{n}": n / 4 for n in range(30)}
    for name, value in values.items():
        table(tmp_path / f"{name}.csv", {"a": [value, value + 1]})
    names = [f"{name}{suffix}" for name in values]
    words = ["up" if n % 3 else "down" for n in range(30)]
    columns = {"file": names, "direction": words, "speed": list(values.values())}
    table(tmp_path / "labels.csv", columns)
    data = opened(tmp_path, **ALL)
    train = data.load()["train"]
    assert (data.info().task, data.info().target) == ("regression", "speed")
    assert (train.inputs[:, 0, 0] == train.targets).all()
    of_words = opened(tmp_path, target="direction", **ALL)
    assert of_words.info().classes == ("down", "up")
    train = of_words.load()["train"]
    assert (train.targets == (train.inputs[:, 0, 0] * 4 % 3 != 0)).all()
    assert data.offers()["target"] == ["", "direction", "speed"]
    chosen, back = data.replace(target="direction"), of_words.replace(target="speed")
    assert (chosen.info().classes, back.info().task) == (("down", "up"), "regression")
    assert (chosen.load()["train"].targets == train.targets).all()
    assert (back.load()["train"].targets == data.load()["train"].targets).all()
    with pytest.raises(ValidationError, match="no target 'file'; there are direction, speed"):
        data.replace(target="file")
    table(tmp_path / "labels.csv", {key: cells[:-1] for key, cells in columns.items()})
    with pytest.raises(UserError, match=r"labels.csv has no speed for s29.csv"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ("x,y\n1,2,3\n", "line 2 has 3 cells where the first row has 2"),
        ("x,z\n1,2\n", "has no column 'y'"),
        ("x,y\n1,fast\n", "has words in the column 'y'"),
        ("", "is empty"),
        ("x,y\n1,\0\n", "holds zero bytes"),
        ("x,y,\u00e4\n1,2,3\n", "is text in cp1252, and the first sequence is in utf-8"),
    ],
)
def test_a_sequence_unlike_the_others_is_named(by_class: Path, spoiled: str, said: str) -> None:
    path = by_class / "walk" / "3.csv"
    path.write_text(spoiled, encoding="cp1252")
    with pytest.raises(UserError, match=said) as told:
        opened(by_class)
    assert str(path) in str(told.value)


def test_of_one_step_each_they_are_still_sequences(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(5):
            table(tmp_path / label / f"{number}.tsv", {"v": [number]}, delimiter="\t")
    splits = opened(tmp_path, **ALL).load()
    assert splits["train"].inputs.shape == (10, 1, 1)
    assert np.unique(splits["train"].inputs).tolist() == [0, 1, 2, 3, 4]


def test_targets_with_a_decimal_comma(tmp_path: Path) -> None:
    for n in range(30):
        table(tmp_path / f"s{n:02}.csv", {"a": [n / 4, n]})
    told = {
        "file": [f"s{n:02}" for n in range(30)],
        "grade": [f"{n % 3},0" for n in range(30)],
        "speed": [f"{n / 4}".replace(".", ",") for n in range(30)],
    }
    table(tmp_path / "labels.csv", told, delimiter=";")
    speeds = opened(tmp_path, **ALL).load()["train"].targets
    assert speeds.tolist() == [n / 4 for n in range(30)]
    grades = opened(tmp_path, target="grade", **ALL)
    assert grades.info().classes == ("0", "1", "2")
    assert grades.load()["train"].targets.tolist() == [n % 3 for n in range(30)]


@pytest.mark.parametrize("lacking", ["NA", "?", "inf", " "])
@pytest.mark.parametrize("target", ["speed", "way"])
def test_a_target_that_lacks_is_told_with_its_file(
    tmp_path: Path, lacking: str, target: str
) -> None:
    for n in range(30):
        table(tmp_path / f"s{n:02}.csv", {"a": [n, n + 1]})
    told = {
        "file": [f"s{n:02}" for n in range(30)],
        "speed": [lacking if n == 7 else n / 4 for n in range(30)],
        "way": [lacking.replace("inf", "None") if n == 7 else "ab"[n % 2] for n in range(30)],
    }
    table(tmp_path / "labels.csv", told)
    with pytest.raises(
        UserError, match=rf"labels.csv has no {target} for s07.csv. Say it in a row"
    ):
        opened(tmp_path, target=target)
