"""Sets made by a formula: without noise every sample lies where the formula says."""

import numpy as np
import pytest

from workbench.core.data import SPLITS, DatasetSpec
from workbench.core.errors import UserError

CURVES = {
    "line": lambda x: x,
    "parabola": lambda x: x * x,
    "sine": lambda x: np.sin(2 * np.pi * x),
    "step": lambda x: (x > 0) * 1.0,
    "absolute": abs,
    "sinc": lambda x: np.sin(4 * np.pi * x) / (4 * np.pi * x),
}


def drawn(name: str, **fields: object) -> tuple[np.ndarray, np.ndarray]:
    splits = DatasetSpec.named(name)(**fields).load()
    inputs = np.concatenate([splits[split].inputs for split in SPLITS]).astype(np.float64)
    return inputs, np.concatenate([splits[split].targets for split in SPLITS])


def test_moons_are_half_circles() -> None:
    (x, y), labels = (lambda pair: (pair[0].T, pair[1]))(drawn("Moons", noise=0.0))
    upper = labels == 0
    assert np.hypot(x, y)[upper] == pytest.approx(1, abs=1e-6)
    assert np.hypot(x - 1, y - 0.5)[~upper] == pytest.approx(1, abs=1e-6)
    assert y[upper].min() >= 0 > y[~upper].min()


def test_circles_have_two_radii() -> None:
    points, labels = drawn("Circles", noise=0.0)
    assert np.hypot(*points.T) == pytest.approx(np.where(labels == 0, 1.0, 0.5), abs=1e-6)


@pytest.mark.parametrize(("classes", "turns"), [(2, 1.5), (5, 0.5)])
def test_spirals_turn_with_the_radius(classes: int, turns: float) -> None:
    points, labels = drawn("Spirals", noise=0.0, classes=classes, turns=turns)
    radius, angle = np.hypot(*points.T), np.arctan2(points[:, 1], points[:, 0])
    wanted = 2 * np.pi * (labels / classes + turns * radius)
    assert np.cos(angle - wanted) == pytest.approx(1, abs=1e-6)
    assert np.unique(labels).tolist() == list(range(classes))


def test_xor_is_the_sign_of_the_product() -> None:
    points, labels = drawn("XOR", noise=0.0)
    assert (points.prod(1) == np.where(labels == 0, 1, -1)).all()
    assert len(np.unique(points, axis=0)) == 4


def test_blobs_lie_around_corners_of_a_polygon() -> None:
    points, labels = drawn("Blobs", classes=6, noise=0.05, samples=6000)
    for label in range(6):
        cloud, angle = points[labels == label], 2 * np.pi * label / 6
        assert cloud.mean(0) == pytest.approx([np.cos(angle), np.sin(angle)], abs=0.01)
        assert cloud.std(0) == pytest.approx([0.05, 0.05], rel=0.1)


@pytest.mark.parametrize("function", CURVES)
def test_curves_are_their_function(function: str) -> None:
    x, y = drawn("Curve", function=function, noise=0.0)
    assert y == pytest.approx(CURVES[function](x[:, 0]), abs=1e-5)
    assert -1 <= x.min() < -0.9
    assert 0.9 < x.max() <= 1
    _, noisy = drawn("Curve", function=function, noise=0.5, samples=4000)
    _, clean = drawn("Curve", function=function, noise=0.0, samples=4000)
    assert (noisy - clean).std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("name", ["Moons", "Circles", "Spirals", "XOR", "Blobs", "Curve"])
def test_the_seed_decides_all_samples(name: str) -> None:
    first, again, other = (drawn(name, seed=seed, samples=50)[0] for seed in (3, 3, 4))
    assert (first == again).all()
    assert not (first == other).any(axis=1).all()
    assert len(first) == 50


@pytest.mark.parametrize("size", [(3, 8, 9), (1, 33, 31), (3, 224, 224)])
def test_fake_data_are_those_of_torchvision(size: tuple[int, int, int]) -> None:
    from torchvision.datasets import FakeData

    splits = DatasetSpec.named("FakeData")(
        size=30, image_size=size, num_classes=4, random_offset=7
    ).load()
    made = {
        (np.atleast_3d(image).transpose(2, 0, 1).tobytes(), target)
        for image, target in FakeData(30, size, 4, random_offset=7)
    }
    ours = {
        (image.tobytes(), int(target))
        for split in SPLITS
        for image, target in zip(*splits[split], strict=True)
    }
    assert ours == made


def test_noise_that_no_memory_holds_is_refused_before_it_is_drawn() -> None:
    largest = DatasetSpec.named("FakeData")(size=100_000, image_size=(3, 1024, 1024))
    with pytest.raises(UserError, match=r"Fake data would take 629\.1 GB of memory"):
        largest.load()
