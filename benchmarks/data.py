"""Batches of files against a hand-written Dataset + DataLoader, as ratios, and what they take.

Both sides of a ratio run in turns in one process, so that what else the machine does falls on both;
each figure is the median of the turns. Name the parts to run: folder transforms memory window.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.threads import SPINS

os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))  # before torch, as the program does

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets as hand_datasets
from torchvision.transforms import v2

import workbench.catalog  # noqa: F401
from workbench.engine import batches, machine
from workbench.engine.sources import recognize

CPU = torch.device("cpu")
BATCH = 64


def told(name: str, found: dict[str, list[float]]) -> None:
    """The ratio of the medians, and the medians."""
    middle = {feed: statistics.median(times) for feed, times in found.items()}
    ratio = middle["by hand"] / middle["batches"]
    print(f"{name}: batches {ratio:.1f} times as fast as by hand")
    print("   ", ", ".join(f"{feed} {1e3 * t:.3f} ms" for feed, t in middle.items()))


def photographs(root: Path, count: int, side: int) -> None:
    """JPEG files that compress as photographs do."""
    draw = np.random.default_rng(0)
    blots = draw.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    wide = Image.fromarray(blots).resize((2 * side, side), Image.Resampling.BICUBIC)
    pixels = np.asarray(wide).astype(np.int16) + draw.integers(-9, 10, (side, 2 * side, 1))
    for number in range(count):
        folder = root / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        cut = np.roll(pixels, 7 * number, 1)[:, : side + side // 3].clip(0, 255).astype(np.uint8)
        Image.fromarray(cut).save(folder / f"{number:05}.jpg", quality=88)


def opened(root: Path, **options: Any) -> Any:
    return [*recognize(root, **options)][-1].data


def folder() -> None:
    """The second epoch of a folder of photographs, data alone."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "photos"
        photographs(root, 1000, 300)
        os.environ["WORKBENCH_HOME"] = place
        since = time.perf_counter()
        data = opened(root, size=64, val_fraction=0.0, test_fraction=0.0)
        print(f"folder: opened and decoded in {time.perf_counter() - since:.1f} s")
        ours = batches.Batches(data, CPU, True)
        steps = [
            v2.ToImage(), v2.Resize(64), v2.CenterCrop(64), v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.3] * 3),
        ]  # fmt: skip
        twin = hand_datasets.ImageFolder(str(root), v2.Compose(steps))
        loaders = {"by hand": 0, "by hand, 2 workers": 2}
        found: dict[str, list[float]] = {name: [] for name in (*loaders, "batches")}
        for number in range(3):
            for name, workers in loaders.items():
                loader = DataLoader(twin, BATCH, shuffle=True, num_workers=workers)
                found[name].append(drained(loader))
            found["batches"].append(drained(ours.shuffled(BATCH, 0, number)))
        told("folder, second epoch", found)


def drained(pairs: Any) -> float:
    since = time.perf_counter()
    for _ in pairs:
        pass
    return time.perf_counter() - since


AUGMENTATIONS: dict[str, tuple[dict[str, Any], Any]] = {
    "RandomHorizontalFlip": ({}, v2.RandomHorizontalFlip()),
    "RandomCrop": ({"size": 32, "padding": 4}, v2.RandomCrop(32, padding=4)),
    "RandomResizedCrop": ({"size": 32}, v2.RandomResizedCrop(32)),
    "RandomRotation": ({"degrees": 15.0}, v2.RandomRotation(15.0)),
    "RandomAffine": (
        {"degrees": 15.0, "translate": (0.1, 0.1), "scale": (0.9, 1.1)},
        v2.RandomAffine(15.0, (0.1, 0.1), (0.9, 1.1)),
    ),
    "ColorJitter": ({"hue": 0.0}, v2.ColorJitter(0.2, 0.2, 0.2)),
    "RandomErasing": ({}, v2.RandomErasing()),
    "RandAugment": ({}, v2.RandAugment()),
}


def transforms() -> None:
    """Every transform on a batch of 64 images of 32 x 32, against torchvision's on each sample."""
    from workbench.core.transform import TransformSpec

    batch = torch.rand(BATCH, 3, 32, 32)
    for name, (arguments, twin) in AUGMENTATIONS.items():
        ours, generator = TransformSpec.named(name)(**arguments), torch.Generator()
        found: list[tuple[float, float]] = []
        for _ in range(9):
            since = time.perf_counter()
            ours.draw(batch, generator)
            between = time.perf_counter()
            torch.stack([twin(image) for image in batch])
            found.append((between - since, time.perf_counter() - between))
        mine, theirs = (statistics.median(times) for times in zip(*found, strict=True))
        print(f"transforms: {name} {theirs / mine:.1f} times as fast as on each sample "
              f"({1e3 * mine:.2f} ms a batch)")  # fmt: skip


def memory() -> None:
    """Peak memory of opening a folder that decodes to 2 GB, and of an epoch over it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "photos"
        photographs(root, 13_400, 64)
        environment = {**os.environ, "WORKBENCH_HOME": place}
        command = [sys.executable, __file__, "peak", str(root)]
        subprocess.run(command, check=True, env=environment)


def peak(root: str) -> None:
    machine.tune_allocator()
    data = opened(Path(root), size=224, val_fraction=0.0, test_fraction=0.0)
    print(f"memory: {status('VmHWM')} MB at the most after decoding")
    ours = batches.Batches(data, CPU, True)
    [cache] = (Path(os.environ["WORKBENCH_HOME"]) / "cache").glob("*.npy")
    seconds = drained(ours.shuffled(BATCH, 0, 1))
    rate = ours.size("train") / seconds
    print(f"memory: cache of {cache.stat().st_size / 1e9:.2f} GB, {rate:.0f} images/s")
    print(f"memory: {status('VmHWM')} MB at the most after an epoch")


def window() -> None:
    """A folder of 100,000 files in the real window, in a process of its own."""
    beside = Path(__file__).with_name("opening.py")
    subprocess.run([sys.executable, str(beside)], check=True)


def status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


PARTS: dict[str, Callable[[], None]] = {
    "folder": folder,
    "transforms": transforms,
    "memory": memory,
    "window": window,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        peak(sys.argv[2])
    else:
        machine.tune_allocator()
        for part in sys.argv[1:] or PARTS:
            PARTS[part]()
