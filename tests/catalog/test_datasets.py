"""The built-in datasets: sample by sample those of their source, and split without loss."""

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from workbench.core.data import SPLITS, DatasetSpec, Samples, Split
from workbench.core.places import resource

CHOICES = DatasetSpec.offered()
BUILT_IN = [name for name, kind in CHOICES.items() if not kind.downloadable]
SCIKIT = {
    "Digits": sklearn_datasets.load_digits,
    "Iris": sklearn_datasets.load_iris,
    "BreastCancer": sklearn_datasets.load_breast_cancer,
    "Wine": sklearn_datasets.load_wine,
    "Diabetes": sklearn_datasets.load_diabetes,
}
EACH = pytest.mark.parametrize("name", BUILT_IN)
OF_SCIKIT = pytest.mark.parametrize("name", SCIKIT)


def rows(inputs: np.ndarray, targets: np.ndarray) -> Counter[tuple[bytes, float]]:
    """Samples with how often each occurs, to compare sets of them."""
    pairs = zip(inputs, targets.tolist(), strict=True)
    return Counter((sample.tobytes(), target) for sample, target in pairs)


def all_rows(splits: Mapping[Split, Samples]) -> Counter[tuple[bytes, float]]:
    return sum((rows(*splits[split]) for split in SPLITS), Counter())


def test_every_dataset_of_the_first_release_is_on_the_shelf() -> None:
    assert set(BUILT_IN) >= {"FashionMNISTSmall", *SCIKIT}
    assert CHOICES.keys() >= {"MNIST", "FashionMNIST", "CIFAR10"}


@OF_SCIKIT
def test_the_splits_are_together_exactly_the_arrays_of_scikit_learn(name: str) -> None:
    source = SCIKIT[name]()
    splits = CHOICES[name]().load()
    kind = splits["train"].inputs.dtype
    assert (source.data.astype(kind) == source.data).all() or kind == np.float32
    assert all_rows(splits) == rows(source.data.astype(kind), source.target.astype(np.float32))


@OF_SCIKIT
def test_names_and_sizes_are_those_of_scikit_learn(name: str) -> None:
    source, info = SCIKIT[name](), CHOICES[name]().info()
    assert sum(info.sizes.values()) == len(source.target)
    assert np.prod(info.shape) == source.data.shape[1]
    if info.task == "classification":
        assert list(info.classes) == [str(label) for label in source.target_names]
    if info.features:
        assert list(info.features) == list(source.feature_names)
    if info.is_image:
        assert source.data.max() == info.full_scale
        splits = CHOICES[name]().load()
        pictures = rows(source.images.astype(np.uint8), source.target)
        assert all_rows(splits) == pictures


def test_the_small_fashion_mnist_is_the_file_that_ships() -> None:
    spec = CHOICES["FashionMNISTSmall"]()
    splits = spec.load()
    with np.load(resource("data", "fashion_mnist_6000.npz"), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    assert rows(*splits["test"]) == rows(arrays["test_images"], arrays["test_labels"])
    trained = rows(*splits["train"]) + rows(*splits["val"])
    assert trained == rows(arrays["train_images"], arrays["train_labels"])
    assert Counter(arrays["train_labels"].tolist()) == dict.fromkeys(range(10), 600)


@EACH
def test_the_splits_are_as_info_says(name: str) -> None:
    spec = CHOICES[name](val_fraction=0.25, split_seed=3)
    info, splits = spec.info(), spec.load()
    assert {split: len(splits[split].targets) for split in SPLITS} == info.sizes
    for inputs, targets in splits.values():
        assert inputs.shape == (len(targets), *info.shape)
        assert inputs.dtype == (np.uint8 if info.is_image else np.float32)
        assert targets.dtype == (np.int64 if info.task == "classification" else np.float32)
        assert inputs.flags.c_contiguous
        if info.task == "classification":
            assert set(targets.tolist()) <= set(range(len(info.classes)))
    assert not {info.title, info.origin, info.target} & {""}


@EACH
def test_every_class_gives_its_share_to_every_split(name: str) -> None:
    spec = CHOICES[name](val_fraction=0.2)
    info, splits = spec.info(), spec.load()
    if info.task != "classification":
        values = [splits[split].targets.mean() for split in ("train", "val")]
        assert values[0] == pytest.approx(values[1], rel=0.15)
        return
    counts = {split: np.bincount(splits[split].targets) for split in SPLITS}
    total = sum(counts[split] for split in SPLITS)
    for split in SPLITS:
        expected = total * info.sizes[split] / total.sum()
        assert np.abs(counts[split] - expected).max() <= 2.5


@EACH
def test_the_seed_decides_the_split_and_nothing_else_does(name: str) -> None:
    def val(seed: int, **arguments: object) -> bytes:
        return CHOICES[name](split_seed=seed, **arguments).load()["val"].inputs.tobytes()

    np.random.seed(99)
    assert val(0) == val(0, normalize=False)
    assert val(0) != val(1)


DIGEST = """
import hashlib, workbench.catalog
from workbench.core.data import DatasetSpec
for name in ("Iris", "Digits"):
    for samples in DatasetSpec.named(name)().load().values():
        for part in samples:
            print(hashlib.sha256(part.tobytes()).hexdigest())
"""


def test_another_process_splits_in_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", DIGEST]
    there = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    exec(DIGEST)
    assert capsys.readouterr().out == there
    assert len(set(there.split())) == 2 * 3 * 2


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.5, 0.999])
def test_any_share_can_be_held_back(fraction: float) -> None:
    spec = CHOICES["Iris"](val_fraction=fraction, test_fraction=fraction)
    splits = spec.load()
    assert {split: len(splits[split].targets) for split in SPLITS} == spec.info().sizes
    source = SCIKIT["Iris"]()
    assert all_rows(splits) == rows(source.data.astype(np.float32), source.target)
