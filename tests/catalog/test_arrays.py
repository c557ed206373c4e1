"""Arrays of NumPy and IDX: found by their names, read value by value, never unpickled."""

import gzip
import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.written import idx, images, opened
from workbench.catalog.datasets import rows
from workbench.core.data import SPLITS, DatasetSpec, Samples
from workbench.core.errors import UserError
from workbench.core.files import parse_json
from workbench.core.spec import validated
from workbench.core.transform import TransformSpec
from workbench.engine import held
from workbench.engine.batches import Batches, forget
from workbench.engine.data_check import check

DRAW = np.random.default_rng(1)
NO_SHARES = {"val_fraction": 0.0, "test_fraction": 0.0}


def train_of(path: Path, **options: Any) -> Samples:
    return opened(path, **NO_SHARES, **options).load()["train"]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("inputs", "targets"),
    [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X{}", "y{}"), ("data-{}", "target-{}")],
)
def test_names_in_an_npz_say_splits_and_roles(
    tmp_path: Path, save: Any, inputs: str, targets: str
) -> None:
    arrays = {}
    for place, (split, count) in enumerate((("train", 40), ("val", 12), ("test", 20))):
        arrays[inputs.format(split)] = images(count, 8, 9, seed=place)
        arrays[targets.format(split)] = np.arange(count) % 4 + place // 2
    save(tmp_path / "set.npz", **arrays)
    data = opened(tmp_path / "set.npz")
    info, splits = data.info(), data.load()
    assert data.kind == "Arrays"
    assert info.sizes == {"train": 40, "val": 12, "test": 20}
    assert (info.shape, info.classes) == ((1, 8, 9), ("0", "1", "2", "3", "4"))
    for split in SPLITS:
        assert (splits[split].inputs[:, 0] == arrays[inputs.format(split)]).all()
        assert (splits[split].targets == arrays[targets.format(split)]).all()
        assert splits[split].inputs.dtype == np.uint8


def test_npy_files_beside_each_other_are_one_set(tmp_path: Path) -> None:
    inputs, targets = DRAW.normal(size=(30, 12, 3)), DRAW.normal(size=30)
    for name, array in (("a_X", inputs), ("a_y", targets), ("b_X", inputs[:5])):
        np.save(tmp_path / f"{name}.npy", array)
    train = train_of(tmp_path / "a_X.npy")
    assert (train.inputs == inputs.astype(np.float32)).all()
    assert (train.targets == targets.astype(np.float32)).all()
    assert opened(tmp_path / "a_y.npy").info().shape == (12, 3)


@pytest.mark.parametrize(
    ("kind", "shape", "layout"),
    [
        ("u1", (9, 8), "found"),
        ("u1", (9, 8, 3), "image, channels last"),
        ("f4", (3, 9, 8), "image"),
        ("f8", (9, 8), "image"),
        ("u2", (9, 8), "image"),
    ],
)
def test_images_of_a_large_npy_stay_in_it_and_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, shape: Any, layout: str
) -> None:
    array = (DRAW.random((50, *shape)) * 255).astype(kind)
    np.save(tmp_path / "x.npy", array)
    np.save(tmp_path / "y.npy", np.arange(50) % 2)
    data = opened(tmp_path / "x.npy", layout=layout)
    in_memory, batches = data.load(), Batches(data, torch.device("cpu"), True)
    forget()
    monkeypatch.setattr(rows, "HELD_BYTES", 0)
    monkeypatch.setattr(held, "SHARE", 0.0)
    mapped, streamed = data.load(), Batches(data, torch.device("cpu"), True)
    for split in SPLITS:
        assert isinstance(mapped[split].inputs, rows.Rows)
        assert mapped[split].inputs.dtype == in_memory[split].inputs.dtype
        assert (np.asarray(mapped[split].inputs) == in_memory[split].inputs).all()
        assert (mapped[split].inputs[2:4] == in_memory[split].inputs[2:4]).all()
        for one, other in zip(batches.in_order(split, 7), streamed.in_order(split, 7), strict=True):
            torch.testing.assert_close(one.inputs, other.inputs, rtol=1e-5, atol=1e-6)
    (tmp_path / "x.npy").unlink()
    assert (np.asarray(mapped["train"].inputs) == in_memory["train"].inputs).all()


def test_images_that_stay_in_their_file_are_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = DRAW.random((50, 9, 8)).astype("f4")
    array[7, 2, 3] = np.nan
    np.save(tmp_path / "x.npy", array)
    np.save(tmp_path / "y.npy", np.arange(50) % 2)
    monkeypatch.setattr(rows, "HELD_BYTES", 0)
    forget()
    *_, told = check(opened(tmp_path / "x.npy", layout="image"))
    assert [found.count for found in told.findings if found.kind == "not_finite"] == [1]


@pytest.mark.parametrize("kind", ["i8", "f4", "f8", ">i4", "u2"])
@pytest.mark.parametrize("suffix", ["npz", "npy", "idx3-ubyte.gz"])
def test_pixels_are_pixels_whatever_the_type_of_their_numbers(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    prepare = (TransformSpec.named("ColorJitter")(brightness=0.5, contrast=0.5),)
    trained = []
    if suffix.endswith("gz") and kind == "u2":
        kind = "i2"  # IDX has no others of 16 bits
    if suffix.endswith("gz") and kind == "i8":
        kind = "i4"
    for dtype in ("u1", kind):
        array, targets = images(40, 9, 9).astype(dtype), np.arange(40, dtype="u1") % 2
        folder = tmp_path / dtype
        folder.mkdir()
        if suffix == "npz":
            np.savez_compressed(folder / "set.npz", x=array, y=targets)
        elif suffix == "npy":
            np.save(folder / "x.npy", array)
            np.save(folder / "y.npy", targets)
        else:
            idx(folder / f"train-images-{suffix}", array)
            idx(folder / "train-labels-idx1-ubyte.gz", targets)
        data = opened(folder if suffix != "npz" else folder / "set.npz", layout="image")
        assert data.info().full_scale == 255.0
        batches = Batches(data.replace(prepare=prepare), torch.device("cpu"), True)
        trained.append(torch.cat([batch.inputs for batch in batches.shuffled(8, 0, 1)]))
    torch.testing.assert_close(trained[1], trained[0], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("largest", "white"), [(0.5, 1.0), (1, 1.0), (-1, 1.0), (255, 255.0), (4095, 65535.0)]
)
def test_what_white_is_follows_from_the_values(
    tmp_path: Path, largest: float, white: float
) -> None:
    array = np.zeros((40, 9, 9))
    array[-1, -1, -1] = largest
    np.savez(tmp_path / "set.npz", x=array, y=np.arange(40) % 2)
    assert opened(tmp_path / "set.npz").info().full_scale == white


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("of_folder", [True, False])
def test_the_files_of_mnist_packed_or_not(tmp_path: Path, suffix: str, of_folder: bool) -> None:
    held = {"train": images(40, 28, 28), "t10k": images(20, 28, 28, seed=1)}
    for part, array in held.items():
        idx(tmp_path / f"{part}-images-idx3-ubyte{suffix}", array)
        labels = (np.arange(len(array)) % 10).astype(np.uint8)
        idx(tmp_path / f"{part}-labels-idx1-ubyte{suffix}", labels)
    path = tmp_path if of_folder else tmp_path / f"t10k-labels-idx1-ubyte{suffix}"
    data = opened(path, val_fraction=0.0)
    splits = data.load()
    assert data.info().sizes == {"train": 40, "val": 0, "test": 20}
    assert (splits["train"].inputs[:, 0] == held["train"]).all()
    assert splits["test"].targets.tolist() == [n % 10 for n in range(20)]


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_type_of_idx(tmp_path: Path, kind: str) -> None:
    array = (DRAW.normal(size=(25, 6)) * 50).astype(kind)
    idx(tmp_path / "x.idx2", array)
    idx(tmp_path / "y.idx1", np.arange(25).astype(kind) % 3)
    train = train_of(tmp_path / "x.idx2")
    assert (train.inputs == array.astype(np.float32)).all()
    assert train.targets.tolist() == [n % 3 for n in range(25)]


@pytest.mark.parametrize(
    ("shape", "kind", "layout", "wanted"),
    [
        ((28, 28), "u1", "found", (1, 28, 28)),
        ((28, 28), "f4", "found", (1, 28, 28)),
        ((28, 28), "f4", "sequence", (28, 28)),
        ((20, 3), "f4", "found", (20, 3)),
        ((20,), "f4", "sequence", (20, 1)),
        ((20,), "u1", "found", (20,)),
        ((3, 10, 12), "u1", "found", (3, 10, 12)),
        ((10, 12, 3), "u1", "found", (3, 10, 12)),
        ((10, 12, 1), "f4", "found", (1, 10, 12)),
        ((1, 10, 12), "u1", "found", (1, 10, 12)),
        ((10, 12, 3), "u1", "row", (360,)),
        ((3, 8, 3), "u1", "image", (3, 8, 3)),
        ((), "f8", "found", (1,)),
    ],
)
def test_layouts(
    tmp_path: Path, shape: tuple[int, ...], kind: str, layout: str, wanted: tuple[int, ...]
) -> None:
    inputs = (DRAW.uniform(size=(24, *shape)) * 250).astype(kind)
    np.savez(tmp_path / "a.npz", inputs=inputs, targets=np.arange(24) % 2)
    data = opened(tmp_path / "a.npz", layout=layout, **NO_SHARES)
    made = data.load()["train"].inputs
    assert data.info().shape == wanted == made.shape[1:]
    as_bytes = kind == "u1" and len(wanted) == 3
    assert made.dtype == (np.uint8 if as_bytes else np.float32)
    last = len(shape) == 3 and len(wanted) == 3 and wanted != shape
    given = inputs.transpose(0, 3, 1, 2) if last else inputs
    assert (made == given.reshape(made.shape).astype(made.dtype)).all()


@pytest.mark.parametrize(
    ("targets", "task", "classes"),
    [
        (np.array(["cat", "dog"] * 60), "classification", ("cat", "dog")),
        (np.array([b"cat", b"dog"] * 60), "classification", ("cat", "dog")),
        (np.array([True, False] * 60), "classification", ("0", "1")),
        (np.arange(120) % 100, "classification", tuple(map(str, range(100)))),
        (np.array([-1.0, 1.0] * 60), "classification", ("-1", "1")),
        (np.array([[0], [5]] * 60), "classification", ("0", "5")),
        (np.linspace(0, 1, 120), "regression", ()),
        (np.arange(120) * 3, "regression", ()),
        (np.array([1.0, np.nan] * 60), "regression", ()),
    ],
)
def test_the_task_is_told_by_the_targets(
    tmp_path: Path, targets: np.ndarray, task: str, classes: tuple[str, ...]
) -> None:
    np.savez(tmp_path / "a.npz", X=DRAW.normal(size=(120, 4)), y=targets)
    data = opened(tmp_path / "a.npz")
    assert (data.info().task, data.info().classes) == (task, classes)
    assert all(len(samples.targets) for samples in data.load().values())


def test_a_table_alone_has_its_target_in_the_last_column(tmp_path: Path) -> None:
    array = np.asfortranarray(DRAW.normal(size=(30, 5)))
    np.save(tmp_path / "t.npy", array)
    train = train_of(tmp_path / "t.npy")
    assert (train.inputs == array[:, :4].astype(np.float32)).all()
    assert (train.targets == array[:, 4].astype(np.float32)).all()


def test_arrays_can_be_named(tmp_path: Path) -> None:
    arrays = {"a": DRAW.normal(size=(9, 4)), "b": np.arange(9) % 2, "c": np.arange(9) % 3}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match="can't be told apart; name them out of a, b, c"):
        opened(tmp_path / "a.npz")
    data = opened(tmp_path / "a.npz", inputs="a", targets="c")
    assert data.info().classes == ("0", "1", "2")
    assert data.offers() == {"inputs": ["", "a", "b", "c"], "targets": ["", "b", "c"]}
    text = json.dumps(data.model_dump(mode="json"), allow_nan=False)
    assert validated(DatasetSpec, parse_json(text, "here"), "here") == data


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.zeros((5, 2)), "y": np.zeros(4)}, "'X' has 5 samples, but 'y' has 4 targets"),
        ({"X": np.zeros((5, 2)), "y": np.zeros((5, 2))}, "'y' are not one value for each sample"),
        ({"X": np.array(["a"] * 5), "y": np.zeros(5)}, "'X' hold no numbers"),
        ({"X": np.zeros((0, 2)), "y": np.zeros(0)}, "'X' hold no numbers"),
        ({"X": np.zeros((5, 2, 2, 2, 2)), "y": np.arange(5)}, "which are no image"),
        ({"X": np.zeros((5, 2), dtype=complex), "y": np.zeros(5)}, "no plain numbers"),
        ({}, "holds no arrays"),
    ],
)
def test_arrays_that_do_not_go_together_are_one_sentence(
    tmp_path: Path, arrays: dict[str, np.ndarray], said: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=said) as told:
        opened(tmp_path / "a.npz")
    assert f"{tmp_path}/a.npz" in str(told.value)


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["X.npy", "a.npz"])
def test_pickles_are_never_loaded(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"
    objects = np.array([Canary(canary), 1], dtype=object)
    if name == "X.npy":
        np.save(tmp_path / name, objects, allow_pickle=True)
        np.save(tmp_path / "y.npy", np.zeros(2))
    else:
        np.savez(tmp_path / name, allow_pickle=True, X=objects, y=np.zeros(2))
    with pytest.raises(UserError, match="holds Python objects, and is not opened"):
        opened(tmp_path / name)
    plain = tmp_path / "pickle.npy"
    plain.write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UserError, match="damaged array file"):
        opened(plain)
    assert not canary.exists()
    np.load(tmp_path / name, allow_pickle=True)["X" if name == "a.npz" else 0]
    assert canary.exists(), "the canary would have sung"


def npy(shape: tuple[int, ...], content: bytes, kind: str = "|u1") -> bytes:
    """A `.npy` file that claims any shape."""
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + content


def test_an_npz_that_unpacks_to_a_thousand_times_its_size_is_refused(tmp_path: Path) -> None:
    size = 300_000_000
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("X.npy", "w") as member:
            member.write(npy((size // 1000, 1000), b""))
            for _ in range(size // 1_000_000):
                member.write(bytes(1_000_000))
        archive.writestr("y.npy", npy((size // 1000,), bytes(size // 1000)))
    assert (tmp_path / "bomb.npz").stat().st_size < size / 900
    with pytest.raises(UserError, match=r"claims to unpack 0.3 MB to 300 MB, which"):
        opened(tmp_path / "bomb.npz").load()


CLAIMS = {
    "npy": ("X.npy", npy((10**12, 1000), bytes(100))),
    "npy of negative size": ("X.npy", npy((-5, 10), bytes(100))),
    "npy beyond counting": ("X.npy", npy((2**62, 2**62), bytes(100))),
    "npy cut off": ("X.npy", npy((50, 10), bytes(499))),
    "npy without a header": ("X.npy", b"\x93NUMPY\x01\x00\xff\xff{"),
    "npy with a program": ("X.npy", b"\x93NUMPY\x01\x00\x10\x00__import__('os')"),
    "npy of another version": ("X.npy", b"\x93NUMPY\x09\x00" + bytes(200)),
    "text": ("X.npy", b"no array at all"),
    "empty": ("X.npy", b""),
    "npz that is none": ("a.npz", b"PK\x03\x04 and no more"),
    "empty npz": ("a.npz", b""),
    "idx": ("x.idx3", b"\0\0\x08\x03" + b"\x7f\xff\xff\xff" * 3 + bytes(50)),
    "idx cut off": ("x.idx3", b"\0\0\x08\x03" + b"\0\0\0\x05" * 3 + bytes(124)),
    "idx too long": ("x.idx3", b"\0\0\x08\x03" + b"\0\0\0\x05" * 3 + bytes(126)),
    "idx of no type": ("x.idx3", b"\0\0\x07\x03" + b"\0\0\0\x05" * 3 + bytes(125)),
    "gzip that is none": ("x-idx3-ubyte.gz", b"\x1f\x8b no more"),
    "gzip of no idx": ("x-idx3-ubyte.gz", gzip.compress(b"\1\2\3\4" * 9)),
    "gzip cut off": (
        "x-idx3-ubyte.gz",
        gzip.compress(b"\0\0\x08\x03" + b"\0\0\0\x64" * 3 + DRAW.bytes(10**6))[:5000],
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_damaged_files_and_false_claims_are_one_sentence(tmp_path: Path, claim: str) -> None:
    name, content = CLAIMS[claim]
    (tmp_path / name).write_bytes(content)
    beside = io.BytesIO()
    np.save(beside, np.zeros(5))
    if name == "X.npy":
        (tmp_path / "y.npy").write_bytes(beside.getvalue())
    elif "idx" in name:
        idx(tmp_path / name.replace("x", "y", 1), np.zeros(5, dtype="u1"))
    with pytest.raises(UserError) as told:
        opened(tmp_path / name).load()
    sentence = str(told.value)
    assert str(tmp_path) in sentence
    assert "\n" not in sentence


def test_room_is_asked_for_what_the_values_become(tmp_path: Path) -> None:
    rows_of_bytes = int(0.2 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1000)
    held = np.lib.format.open_memmap(  # of holes: it takes no disk
        tmp_path / "X.npy", mode="w+", dtype=np.uint8, shape=(rows_of_bytes, 1000)
    )
    np.save(tmp_path / "y.npy", np.arange(rows_of_bytes) % 2)
    del held
    data = opened(tmp_path / "X.npy")
    with pytest.raises(UserError, match="GB of memory"):
        data.load()


@pytest.mark.parametrize(
    ("labels", "kind", "where"),
    [
        ([*range(10), 255], "label_gap", ("255",)),
        ([-1, 0, 1, 2], "negative_label", ("-1",)),
        ([-1, 1], "", ()),
        ([0, 1, 2, 5], "", ()),
    ],
)
def test_labels_that_are_marks_are_told(
    tmp_path: Path, labels: list[int], kind: str, where: tuple[str, ...]
) -> None:
    y = np.resize(np.array(labels), 330)
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "t.npz", X=draw.normal(size=(330, 3)).astype(np.float32), y=y)
    *_, told = check(opened(tmp_path / "t.npz"))
    found = {finding.kind: finding.where for finding in told.findings}
    marks = {name: at for name, at in found.items() if name in ("label_gap", "negative_label")}
    assert marks == ({kind: where} if kind else {})
