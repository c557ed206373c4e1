"""The other sets of torchvision, each from files written in its format, against torchvision."""

import bz2
import hashlib
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat
from torchvision import datasets

from tests.written import idx, images
from workbench.core.codegen_split import split_source
from workbench.core.data import DatasetSpec, Samples
from workbench.core.errors import UserError

COUNTS = (40, 16)


def labels(count: int, classes: int = 10) -> np.ndarray:
    return (np.arange(count) % classes).astype(np.uint8)


def parts() -> Iterator[tuple[str, int, int]]:
    yield from zip(("train", "test"), COUNTS, (0, 1), strict=True)


def kmnist(root: Path, suffix: str) -> None:
    for part, count, seed in parts():
        stem = root / "KMNIST" / "raw" / ("train" if part == "train" else "t10k")
        idx(Path(f"{stem}-images-idx3-ubyte{suffix}"), images(count, 28, 28, seed=seed))
        idx(Path(f"{stem}-labels-idx1-ubyte{suffix}"), labels(count))


def emnist(root: Path, suffix: str, split: str, first: int, classes: int) -> None:
    for part, count, seed in parts():
        stem = root / "EMNIST" / "raw" / f"emnist-{split}-{part}"
        idx(Path(f"{stem}-images-idx3-ubyte{suffix}"), images(count, 28, 28, seed=seed))
        idx(Path(f"{stem}-labels-idx1-ubyte{suffix}"), labels(count, classes) + first)


def qmnist(root: Path, suffix: str) -> None:
    for part, count, seed in parts():
        stem = root / "QMNIST" / "raw" / f"qmnist-{part}"
        idx(Path(f"{stem}-images-idx3-ubyte{suffix}"), images(count, 28, 28, seed=seed))
        told = np.arange(count * 8, dtype=np.int32).reshape(count, 8)
        told[:, 0] = labels(count)
        idx(Path(f"{stem}-labels-idx2-int{suffix}"), told)


def told_as_a_program(spec: DatasetSpec) -> None:
    """The lines of a train.py give the same samples."""
    source = spec.source()
    split = split_source(spec, source.given)
    around = [*source.imports, *split.imports, *source.constants, *split.functions]
    names: dict[str, Any] = {}
    exec("\n".join([*around, *source.lines, *split.lines]), names)
    for split, (inputs, targets) in spec.load().items():
        if not len(targets):
            continue
        assert (names[f"{split}_inputs"] == inputs).all()
        assert (names[f"{split}_targets"] == targets).all()
        assert names[f"{split}_targets"].dtype == np.int64


def compared(ours: Samples, theirs: Any, upright: bool = False) -> None:
    """Sample by sample, with torchvision's picture as an array of bytes."""
    assert len(ours.targets) == len(theirs)
    for (image, label), picture, target in zip(
        zip(*ours, strict=True), *zip(*theirs, strict=True), strict=True
    ):
        wanted = np.asarray(picture)
        wanted = wanted[None] if wanted.ndim == 2 else wanted.transpose(2, 0, 1)
        assert (image == (wanted.swapaxes(1, 2) if upright else wanted)).all()
        assert label == target


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_kmnist_and_qmnist_packed_or_not(tmp_path: Path, suffix: str) -> None:
    kmnist(tmp_path, suffix)
    qmnist(tmp_path, suffix)
    for name in ("KMNIST", "QMNIST"):
        splits = DatasetSpec.named(name)(root=str(tmp_path), val_fraction=0.0).load()
        for split, count in zip(("train", "test"), COUNTS, strict=True):
            assert splits[split].targets.tolist() == labels(count).tolist()
            if not suffix:
                theirs = getattr(datasets, name)(str(tmp_path), train=split == "train")
                compared(splits[split], theirs)
        if not suffix:
            told_as_a_program(DatasetSpec.named(name)(root=str(tmp_path), val_fraction=0.25))
    assert (splits["train"].inputs[:, 0] == images(40, 28, 28)).all()


@pytest.mark.parametrize(
    ("split", "first", "classes"),
    [("balanced", 0, 47), ("letters", 1, 26), ("byclass", 0, 62), ("digits", 0, 10)],
)
def test_emnist_is_upright_and_counts_its_letters_from_0(
    tmp_path: Path, split: str, first: int, classes: int
) -> None:
    emnist(tmp_path, "", split, first, classes)
    spec = DatasetSpec.named("EMNIST")(root=str(tmp_path), split=split, val_fraction=0.0)
    theirs = datasets.EMNIST(str(tmp_path), split, train=True)
    assert list(spec.info().classes) == theirs.classes[first:]
    assert spec.info().sizes["test"] == sum(
        {"balanced": (18_800,), "letters": (20_800,), "byclass": (116_323,)}.get(split, (40_000,))
    )
    ours = spec.load()["train"]
    compared(Samples(ours.inputs, ours.targets + first), theirs, upright=True)
    told_as_a_program(spec)


def test_usps(tmp_path: Path) -> None:
    draw = random.Random(0)
    for name, count in (("usps.bz2", 40), ("usps.t.bz2", 16)):
        rows = [
            " ".join([str(n % 10 + 1), *(f"{k}:{draw.uniform(-1, 1):.4f}" for k in range(1, 257))])
            for n in range(count)
        ]
        (tmp_path / name).write_bytes(bz2.compress("\n".join(rows).encode()))
    splits = DatasetSpec.named("USPS")(root=str(tmp_path), val_fraction=0.0).load()
    for split in ("train", "test"):
        compared(splits[split], datasets.USPS(str(tmp_path), train=split == "train"))
    told_as_a_program(DatasetSpec.named("USPS")(root=str(tmp_path)))
    (tmp_path / "usps.t.bz2").unlink()
    with pytest.raises(UserError, match="USPS is not in"):
        DatasetSpec.named("USPS")(root=str(tmp_path)).load()


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
def test_cifar(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files with known sums are opened, so torchvision is told those of ours."""
    kind = getattr(datasets, name)
    folder = tmp_path / kind.base_folder
    folder.mkdir()
    key = "fine_labels" if name == "CIFAR100" else "labels"
    for listed, seed in (("train_list", 0), ("test_list", 9)):
        sums = []
        for number, (file, _) in enumerate(getattr(kind, listed)):
            rows = images(8, 3072, seed=seed + number)
            content = {"data": rows, key: labels(8).tolist()}
            (folder / file).write_bytes(pickle.dumps(content))
            sums.append([file, md5(folder / file)])
        monkeypatch.setattr(kind, listed, sums)
    meta = folder / kind.meta["filename"]
    meta.write_bytes(pickle.dumps({kind.meta["key"]: list(DatasetSpec.named(name)().classes)}))
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": md5(meta)})
    splits = DatasetSpec.named(name)(root=str(tmp_path), val_fraction=0.0).load()
    for split in ("train", "test"):
        compared(splits[split], kind(str(tmp_path), train=split == "train"))
    monkeypatch.setattr(kind, "download", lambda self: None)  # all is there but the archive
    told_as_a_program(DatasetSpec.named(name)(root=str(tmp_path)))


def test_svhn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {}
    for part, count, seed in parts():
        path = tmp_path / f"{part}_32x32.mat"
        digits = labels(count).astype(np.uint8)
        digits[digits == 0] = 10  # as its files call the 0
        pixels = images(count, 32, 32, 3, seed=seed).transpose(1, 2, 3, 0)
        savemat(path, {"X": pixels, "y": digits[:, None]})
        listed[part] = ["", path.name, md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    splits = DatasetSpec.named("SVHN")(root=str(tmp_path), val_fraction=0.0).load()
    for split in ("train", "test"):
        compared(splits[split], datasets.SVHN(str(tmp_path), split=split))
    told_as_a_program(DatasetSpec.named("SVHN")(root=str(tmp_path)))


def test_stl10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for part, count, seed in parts():
        pixels, told = folder / f"{part}_X.bin", folder / f"{part}_y.bin"
        pixels.write_bytes(images(count, 3, 96, 96, seed=seed).tobytes())
        told.write_bytes((labels(count) + 1).tobytes())
        sums = [[pixels.name, md5(pixels)], [told.name, md5(told)]]
        monkeypatch.setattr(datasets.STL10, f"{part}_list", sums)
    splits = DatasetSpec.named("STL10")(root=str(tmp_path), val_fraction=0.0).load()
    for split in ("train", "test"):
        compared(splits[split], datasets.STL10(str(tmp_path), split=split))
    told_as_a_program(DatasetSpec.named("STL10")(root=str(tmp_path)))


def test_names_of_classes_are_those_of_torchvision() -> None:
    assert list(DatasetSpec.named("KMNIST")().classes) == datasets.KMNIST.classes
    every = DatasetSpec.named("EMNIST")
    for split, names in datasets.EMNIST.classes_split_dict.items():
        assert [name for name in names if name != "N/A"] == list(every(split=split).info().classes)


@pytest.mark.parametrize(
    "name", ["KMNIST", "EMNIST", "QMNIST", "USPS", "CIFAR100", "SVHN", "STL10"]
)
def test_missing_files_are_told(tmp_path: Path, name: str) -> None:
    spec = DatasetSpec.named(name)(root=str(tmp_path))
    with pytest.raises(UserError, match=f"is not in {tmp_path}.*Download"):
        spec.load()
    assert not list(tmp_path.iterdir())
