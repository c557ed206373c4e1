"""From a path to a trained network, for every format; and what can't be opened, in a sentence."""

import subprocess
import sys
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from tests.engine import small
from tests.written import idx, images, opened, parquet_table, people, table
from workbench.core.errors import UserError
from workbench.core.events import DatasetRecognized, EpochCompleted, RunCompleted, StepCompleted
from workbench.core.file_source import FileSource
from workbench.core.template import Template
from workbench.engine.batches import forget
from workbench.engine.describe import describe
from workbench.engine.fit import fit
from workbench.engine.sources import recognize, reopen, sources

DRAW = np.random.default_rng(2)


def a_table(folder: Path) -> Path:
    return table(folder / "people.csv", people())


def tab_separated(folder: Path) -> Path:
    return table(folder / "people.tsv", people(), delimiter="\t")


def of_parquet(folder: Path) -> Path:
    columns = {"a": DRAW.normal(size=90).tolist(), "y": DRAW.normal(size=90).tolist()}
    return parquet_table(folder / "numbers.parquet", columns)


def of_numpy(folder: Path) -> Path:
    np.save(folder / "X.npy", DRAW.normal(size=(80, 6)))
    np.save(folder / "y.npy", np.arange(80) % 3)
    return folder / "X.npy"


def npz_of_images(folder: Path) -> Path:
    arrays = {"x_train": images(60, 12, 12, 3), "y_train": np.arange(60) % 4}
    np.savez_compressed(
        folder / "photos.npz", **arrays, x_test=images(20, 12, 12, 3), y_test=np.arange(20) % 4
    )
    return folder / "photos.npz"


def npz_of_fractions(folder: Path) -> Path:
    np.savez(folder / "f.npz", images=DRAW.uniform(size=(50, 9, 9)), labels=["a", "b"] * 25)
    return folder / "f.npz"


def npz_of_signals(folder: Path) -> Path:
    np.savez(folder / "s.npz", X=DRAW.normal(size=(50, 30, 2)), y=DRAW.normal(size=50))
    return folder / "s.npz"


def packed_idx(folder: Path) -> Path:
    for part, count in (("train", 60), ("t10k", 20)):
        idx(folder / "raw" / f"{part}-images-idx3-ubyte.gz", images(count, 14, 14))
        idx(folder / "raw" / f"{part}-labels-idx1-ubyte.gz", np.uint8(np.arange(count) % 10))
    return folder / "raw"


def folder_of_sequences(folder: Path) -> Path:
    for label in ("up", "down"):
        (folder / "moves" / label).mkdir(parents=True)
        for number in range(15):
            rows = DRAW.normal(size=(10 + number % 3, 2)).T.tolist()
            table(folder / "moves" / label / f"{number}.csv", dict(zip("xy", rows, strict=True)))
    return folder / "moves"


FORMATS: list[tuple[Callable[[Path], Path], str, tuple[int, ...]]] = [
    (a_table, "Table", (6,)),
    (tab_separated, "Table", (6,)),
    (of_parquet, "Table", (1,)),
    (of_numpy, "Arrays", (6,)),
    (npz_of_images, "Arrays", (3, 12, 12)),
    (npz_of_fractions, "Arrays", (1, 9, 9)),
    (npz_of_signals, "Arrays", (30, 2)),
    (packed_idx, "Arrays", (1, 14, 14)),
    (folder_of_sequences, "Sequences", (12, 2)),
]


@pytest.mark.parametrize(("write", "kind", "shape"), FORMATS)
def test_every_format_is_recognized_and_trained_on(
    tmp_path: Path, write: Callable[[Path], Path], kind: str, shape: tuple[int, ...]
) -> None:
    data = opened(write(tmp_path))
    assert (data.kind, data.info().shape) == (kind, shape)
    for template in {Template.usual(data.info()), Template.shelf["mlp"]}:
        project = template.project(data)
        short = project.replace(train=project.train.replace(epochs=1, batch_size=16))
        events = list(fit(short, small.new_run(short, tmp_path)))
        [done] = small.of_kind(events, RunCompleted)
        [epoch] = small.of_kind(events, EpochCompleted)
        assert done.reason == "completed"
        metric = "accuracy" if data.info().task == "classification" else "mae"
        assert np.isfinite([epoch.train["loss"], epoch.val[metric], done.test[metric]]).all()
    assert [event for event in describe(data) if type(event).__name__ == "DataDescribed"]


def test_a_time_series_is_trained_on(tmp_path: Path) -> None:
    waves = {"a": [np.sin(n / 5) for n in range(150)], "b": [np.cos(n / 5) for n in range(150)]}
    data = opened(table(tmp_path / "waves.csv", waves), window=20)
    project = Template.usual(data.info()).project(data)
    short = project.replace(train=project.train.replace(epochs=8, lr=0.005, batch_size=16))
    epochs = small.of_kind(fit(short, small.new_run(short, tmp_path)), EpochCompleted)
    assert epochs[-1].val["loss"] < 0.1 * epochs[0].train["loss"]


@pytest.mark.parametrize("classes", [2, 3])
def test_losses_fit_targets_of_tables(tmp_path: Path, classes: int) -> None:
    columns = {"x": DRAW.normal(size=60).tolist(), "y": [n % classes for n in range(60)]}
    data = opened(table(tmp_path / "t.csv", columns))
    assert Template.shelf["softmax_regression"].project(data).train.loss.kind == "CrossEntropyLoss"
    assert Template.shelf["logistic_regression"].project(data).model.layers[0].out_features == (
        1 if classes == 2 else 3
    )
    as_number = data.replace(task="regression")
    assert Template.shelf["mlp"].project(as_number).train.loss.kind == "MSELoss"
    with pytest.raises(UserError, match="Choose Linear regression"):
        Template.shelf["softmax_regression"].project(as_number)


def houses(folder: Path) -> Path:
    rooms, area = DRAW.integers(1, 9, 300), DRAW.uniform(30, 200, 300)
    price = 100_000 + 20_000 * rooms + 3_000 * area + DRAW.normal(0, 5_000, 300)
    return table(folder / "houses.csv", {"rooms": rooms, "area": area, "price": price})


def test_large_numbers_are_learned_and_told_in_their_own_unit(tmp_path: Path) -> None:
    """As well as by least squares, which has no trouble with any unit."""
    data = opened(houses(tmp_path))
    assert Template.shelf["mlp"].project(data).data.info().target == "price"
    project = Template.shelf["linear_regression"].project(data)
    run = small.new_run(project, tmp_path)
    [done] = small.of_kind(fit(project, run), RunCompleted)
    splits = data.load()
    known = np.column_stack([splits["train"].inputs, np.ones(len(splits["train"].targets))])
    exact, *_ = np.linalg.lstsq(known, splits["train"].targets.astype(np.float64), rcond=None)
    off = splits["test"].inputs @ exact[:2] + exact[2] - splits["test"].targets
    assert done.test["mae"] == pytest.approx(np.abs(off).mean(), rel=0.05)
    saved = np.load(sorted(run.folder.rglob("test*.npz"))[-1])
    assert saved["targets"] == pytest.approx(splits["test"].targets)
    mean, std = data.info().target_scale
    column = data.facts.columns[2]
    everything = np.concatenate([samples.targets for samples in splits.values()])
    assert (column.mean, column.std) == (mean, std)
    assert (mean, std) == pytest.approx((everything.mean(), everything.std()), rel=1e-4)
    scaled = (saved["probabilities"] - saved["targets"]) / std
    assert saved["losses"] == pytest.approx(scaled**2, rel=1e-2, abs=1e-6)
    assert data.replace(scale_target=False).info().target_scale == (0.0, 1.0)


# -- what can't be opened


def said_of(path: Path, **options: object) -> str:
    forget()
    with pytest.raises(UserError) as told:
        opened(path, **options).load()
    sentence = str(told.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


TABLES = {
    "empty": (b"", "is empty"),
    "only blank lines": (b"\n\n  \n", "is empty"),
    "only a header": (b"a,b,c\n", "has a header, but no rows"),
    "more cells": (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells where the first row has 2"),
    "fewer cells": (b"a,b\n1,2\n\n1\n", "line 4 has 1 cells where the first row has 2"),
    "zero bytes": (b"a,b\n1,\0\n", "holds zero bytes"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "holds zero bytes"),
    "half of UTF-16": (b"\xff\xfea\0,\0b\0\n\0" + b"\x00\xd8" * 3, "no text in utf-16"),
    "a broken mark": (b"\xef\xbb\xbfa,b\n1,\xff\n", "no text in utf-8-sig"),
    "neither UTF-8 nor cp1252": (b"a,b\n1,\x81\n2,\x8d\n", "no text in cp1252"),
    "a quotation mark without end": (
        b'a,b\n1,"' + b"x," * 100_000 + b"\n",
        "line 2: field larger than field limit",
    ),
    "a huge cell": (b"a,b\n1," + b"x" * 140_000 + b"\n", "line 2: field larger"),
    "no line break": (b"a,b\n" + b"1," * (9 << 20), "has a line of more than"),
    "too many columns": (b"," * 10_001 + b"\n", "has 10,002 columns"),
    "one column": (b"a\n" + b"1\n2.5\n" * 30, "no column beside the target"),
    "nothing to learn": (b"a,b\n" + b"1,2\n" * 30, "no column beside the target"),
    "Parquet cut off": (b"PAR1" + bytes(50), "is a damaged Parquet table"),
}


@pytest.mark.parametrize("damage", TABLES)
def test_bad_tables_are_one_sentence(tmp_path: Path, damage: str) -> None:
    content, said = TABLES[damage]
    (tmp_path / "t.csv").write_bytes(content)
    assert said in said_of(tmp_path / "t.csv")


def test_what_nothing_opens_is_told_with_what_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3" * 50)
    sentence = said_of(tmp_path / "song.mp3")
    assert all(source.opens in sentence for source in sources())
    (tmp_path / "nothing").mkdir()
    assert "is an empty folder" in said_of(tmp_path / "nothing")
    assert "is not there" in said_of(tmp_path / "gone.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert "could not be read" in said_of(tmp_path / "loop.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "folder.csv" / "note.txt").write_text("no data")
    assert "is nothing that can be opened" in said_of(tmp_path / "folder.csv")
    (tmp_path / "X.npy").write_bytes(b"")
    assert "is a damaged array file: it is empty." in said_of(tmp_path / "X.npy")


REFUSED = """
import os, sys
from pathlib import Path
from workbench.core.errors import UserError
from workbench.engine.sources import recognize
if os.geteuid() == 0:  # root may read everything
    os.setuid(65534)
for path in sys.argv[1:]:
    try:
        list(recognize(path))
    except UserError as error:
        print(error)
"""


def run(script: str, *arguments: object) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_files_and_folders_without_permission_are_one_sentence(tmp_path: Path) -> None:
    a_table(tmp_path)
    folder_of_sequences(tmp_path)
    paths = [tmp_path / "people.csv", tmp_path / "moves"]
    for path in paths:
        path.chmod(0)
    lines = run(REFUSED, *paths).splitlines()
    for path in paths:
        path.chmod(0o700)
    assert len(lines) == 2
    assert all("could not be read: Permission denied." in line for line in lines)


def test_a_file_that_changes_or_goes_is_told(tmp_path: Path) -> None:
    path = a_table(tmp_path)
    data = opened(path, missing="own column")
    table(path, people(150))
    with pytest.raises(UserError, match="has changed since it was chosen"):
        data.load()
    *_, last = reopen(data)
    assert isinstance(last, DatasetRecognized)
    assert isinstance(last.data, FileSource)
    assert sum(last.data.info().sizes.values()) == 150
    assert last.data.missing == "own column"
    table(path, {"x": [1.5, 2.5] * 30, "y": [1, 0] * 30})
    with pytest.raises(UserError, match="no column 'survived'; the columns are x, y"):
        list(reopen(data))
    path.unlink()
    with pytest.raises(UserError, match="is not there"):
        data.load()


def test_a_file_that_vanishes_while_it_is_opened_is_told(tmp_path: Path) -> None:
    columns = {"x": DRAW.normal(size=20_000).tolist(), "y": [0, 1] * 10_000}
    events = recognize(table(tmp_path / "t.csv", columns))
    first = next(events)
    assert 0 < first.done < first.total
    (tmp_path / "t.csv").unlink()
    with pytest.raises(UserError, match=r"t\.csv is not there"):
        list(events)


@pytest.mark.parametrize("write", [a_table, of_numpy, npz_of_images, folder_of_sequences])
def test_a_file_that_vanishes_mid_run_harms_nothing(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    forget()
    data = opened(write(tmp_path))
    project = Template.shelf["mlp"].project(data)
    project = project.replace(train=project.train.replace(epochs=3, batch_size=16))
    undisturbed = small.losses(fit(project, small.new_run(project, tmp_path)))
    forget()
    losses = []
    for event in fit(project, small.new_run(project, tmp_path)):
        if isinstance(event, StepCompleted):
            losses.append(event.metrics["loss"])
            for path in sorted(tmp_path.rglob("*.[cn][sp]*")):
                if "runs" not in path.parts:
                    path.unlink()
    assert losses == undisturbed


PEAK = """
import resource, sys
from workbench.core.errors import UserError
from workbench.engine.sources import recognize
import numpy, pyarrow.parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        *_, last = recognize(path)
        last.data.load()
    except UserError as error:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("head", "piece", "pieces", "end"),
    [
        (b"a,b\n", b"1," * 1024, 100 << 10, b""),
        (b'a,b\n1,"', b"x\n" * 1024, 100 << 10, b""),
        (b"a,b\n", b"1,1\n" * 1024, 128, b"1\n"),
    ],
    ids=["one line", "one cell", "many rows, the last one ragged"],
)
def test_memory_is_bounded_whatever_the_file(
    tmp_path: Path, head: bytes, piece: bytes, pieces: int, end: bytes
) -> None:
    with (tmp_path / "t.csv").open("wb") as file:
        file.writelines([head, *repeat(piece, pieces), end])
    used = int(run(PEAK, tmp_path / "t.csv")) / 1024
    assert used < 150, "MB"


def test_an_array_that_claims_too_much_takes_no_memory(tmp_path: Path) -> None:
    header = repr({"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 9)}).ljust(117) + "\n"
    head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    (tmp_path / "X.npy").write_bytes(head)
    np.save(tmp_path / "y.npy", np.zeros(9))
    assert int(run(PEAK, tmp_path / "X.npy")) / 1024 < 50, "MB"


def test_each_option_is_one_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is opened as Arrays, which has no target"):
        opened(of_numpy(tmp_path), target="y")


def test_a_named_source_is_taken(tmp_path: Path) -> None:
    path = a_table(tmp_path)
    path.rename(tmp_path / "people.data")
    assert opened(tmp_path / "people.data", "Table").kind == "Table"
