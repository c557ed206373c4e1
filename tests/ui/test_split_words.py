"""What the tab Split says of how own data are parted."""

from pathlib import Path

import pytest
from own_data import write_photographs

from tests.written import opened
from workbench.core.data import DatasetSpec
from workbench.ui.data.split import SplitPart

DRAWN = "Drawn by the seed, evenly from every class."
PART = "Split by the column part."
NAMES = "Split as the names of folders and files say."


def data_of(folder: Path, *parts: str) -> DatasetSpec:
    lines = [f"{n},{n * 7 % 13},{n / 4},{parts[n % len(parts)]}" for n in range(5, 45)]
    (folder / "t.csv").write_text("\n".join(["a,b,y,part", *lines]) + "\n")
    return opened(folder / "t.csv")


def words(data: DatasetSpec) -> str:
    return SplitPart._words(data)


def test_a_column_says_what_it_does_not_say_is_drawn(tmp_path: Path) -> None:
    assert words(data_of(tmp_path, "train", "val", "test")) == PART
    assert words(data_of(tmp_path, "train", "val")) == f"{PART} Test samples are drawn by the seed."
    tested = data_of(tmp_path, "train", "test")
    assert words(tested) == f"{PART} Validation samples are drawn by the seed."
    assert words(tested.replace(folds=4)) == f"{PART} Fold 1 of 4 validates; the others train."
    assert words(data_of(tmp_path, "red", "blue")) == "Drawn by the seed."


def test_a_time_series_is_parted_in_order(tmp_path: Path) -> None:
    data = data_of(tmp_path, "train", "val", "test").replace(split_column="", window=3)
    assert words(data).startswith("In order of time: the last samples are the test, those before")
    assert "block 2 of 4 validates" in words(data.replace(folds=4, fold=2))


@pytest.mark.parametrize("splits", [("train", "val", "test"), ("train", "test"), ("",)])
def test_folders_say_the_split(tmp_path: Path, splits: tuple[str, ...]) -> None:
    for split in splits:
        write_photographs(tmp_path / "photos" / split, {"disc": 3, "square": 3})
    told = {3: NAMES, 2: f"{NAMES} Validation samples are drawn by the seed.", 1: DRAWN}
    assert words(opened(tmp_path / "photos")) == told[len(splits)]
