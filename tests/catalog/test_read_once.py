"""Another split of the same files parts what was read of them; other files are read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.written import opened, table
from workbench.catalog.datasets import read_once
from workbench.core.data import SPLITS, Samples, Split
from workbench.core.events import Progress
from workbench.core.file_source import FileSource
from workbench.engine.batches import forget, loaded, loading

OTHERS: list[dict[str, Any]] = [
    {"val_fraction": 0.3},
    {"split_seed": 4},
    {"folds": 3, "fold": 2},
    {"test_fraction": 0.25},
]


def of_table(folder: Path) -> FileSource:
    columns = {
        "x": ["" if row % 17 == 3 else row for row in range(120)],
        "word": ["abc"[row % 3] for row in range(120)],
        "y": [row % 2 for row in range(120)],
    }
    return opened(table(folder / "t.csv", columns), target="y")


def of_sequences(folder: Path) -> FileSource:
    for label in ("run", "walk"):
        (folder / "moves" / label).mkdir(parents=True)
        for number in range(15):
            values = {"x": [number, 2, len(label)], "y": [1.5, "", number]}
            table(folder / "moves" / label / f"{number}.csv", values)
    return opened(folder / "moves")


EACH = pytest.mark.parametrize("write", [of_table, of_sequences])


def read(data: FileSource) -> bool:
    """Whether its files are parsed to load it."""
    events = list(loading(data))
    assert all(isinstance(event, Progress) for event in events)
    return any(str(event.text).startswith("Reading") for event in events)


def copied(splits: Any) -> dict[Split, Samples]:
    return {name: Samples(*(np.array(part) for part in splits[name])) for name in SPLITS}


@EACH
@pytest.mark.parametrize("other", OTHERS)
def test_another_split_is_parted_anew_without_reading(
    tmp_path: Path, write: Callable[[Path], FileSource], other: dict[str, Any]
) -> None:
    forget()
    data = write(tmp_path)
    assert read(data)
    first = copied(loaded(data))
    assert not read(data.replace(**other))
    parted = copied(loaded(data.replace(**other)))
    assert not read(data)
    forget()
    for known, split in ((first, data), (parted, data.replace(**other))):
        forget()
        assert read(split), "it was let go"
        for name in SPLITS:
            for one, again in zip(known[name], loaded(split)[name], strict=True):
                np.testing.assert_array_equal(one, again)


def test_other_columns_files_and_rules_are_what_they_would_be_alone(tmp_path: Path) -> None:
    data = of_table(tmp_path)
    forget()
    assert read(data)
    assert read(data.replace(features=("x",))), "other columns"
    assert read(data)
    dropped = data.replace(missing="drop rows")
    assert not read(dropped)
    assert sum(dropped.info().sizes.values()) == sum(
        len(s.targets) for s in loaded(dropped).values()
    )
    (tmp_path / "other").mkdir()
    assert read(of_table(tmp_path / "other"))


def test_a_file_that_has_changed_is_not_taken_from_memory(tmp_path: Path) -> None:
    data = of_table(tmp_path)
    forget()
    assert read(data)
    (tmp_path / "t.csv").write_text((tmp_path / "t.csv").read_text().replace("a", "b"))
    changed = opened(tmp_path / "t.csv", target="y")
    assert changed.facts != data.facts
    assert read(changed)


def test_what_is_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = of_table(tmp_path)
    forget()
    monkeypatch.setattr(read_once, "KEPT_BYTES", 1000)
    assert read(data)
    assert read(data.replace(split_seed=1))
