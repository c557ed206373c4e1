"""Batches against the bare step and against a hand-written Dataset + DataLoader, as ratios.

Both sides of a ratio run in turns in one process, so that what else the machine does falls on both;
each figure is the median of the turns. Name the parts to run: cnn mlp folder transforms memory.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets as hand_datasets
from torchvision.transforms import v2

import workbench.catalog  # noqa: F401
from workbench.core.data import DatasetInfo, DatasetSpec, Samples
from workbench.core.events import StepCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import create_run
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig
from workbench.engine import batches, machine
from workbench.engine.build import build
from workbench.engine.fit import fit
from workbench.engine.sources import recognize

CPU = torch.device("cpu")
BATCH = 64
STEPS, ROUNDS = 20, 40  # short turns: what else the machine does lasts longer
OF_A_RUN = 200
TOTAL = 60_000


class Random28(DatasetSpec, abstract=True):
    """As many images as MNIST has, of noise: it is time that is measured."""

    def source_info(self) -> DatasetInfo:
        sizes = {"train": TOTAL, "val": 10, "test": 10}
        classes = tuple("0123456789")
        return DatasetInfo(
            title="noise", origin="", shape=(1, 28, 28), task="classification", sizes=sizes,
            classes=classes,
        )  # fmt: skip

    def load(self) -> Any:
        draw = np.random.default_rng(0)
        inputs = draw.integers(0, 256, (TOTAL, 1, 28, 28), dtype=np.uint8)
        whole = Samples(inputs, draw.integers(0, 10, TOTAL))
        none = Samples(inputs[:10], whole.targets[:10])
        return {"train": whole, "val": none, "test": none}


class ByHand(Dataset[tuple[Tensor, int]]):
    """What a person would write first."""

    def __init__(self, samples: Samples) -> None:
        self.images, self.labels = samples
        self.transform = v2.Compose(
            [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.29])]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index].transpose(1, 2, 0)), int(self.labels[index])


def layer(kind: str, **arguments: Any) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


CNN = ModelSpec(
    layers=(
        layer("Conv2d", out_channels=16, kernel_size=3, padding=1), layer("ReLU"),
        layer("MaxPool2d"),
        layer("Conv2d", out_channels=32, kernel_size=3, padding=1), layer("ReLU"),
        layer("MaxPool2d"), layer("Flatten"), layer("Linear", out_features=10),
    )
)  # fmt: skip
MLP = ModelSpec(
    layers=(
        layer("Flatten"), layer("Linear", out_features=128), layer("ReLU"),
        layer("Linear", out_features=10),
    )
)  # fmt: skip


def stepper(model: ModelSpec, channels_last: bool) -> Callable[[Tensor, Tensor], None]:
    """A training step on a network of its own."""
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.preserve_format
    network = build(model, (1, 28, 28)).to(memory_format=layout)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    criterion = nn.CrossEntropyLoss()

    def step(inputs: Tensor, targets: Tensor) -> None:
        optimizer.zero_grad()
        criterion(network(inputs), targets).backward()
        optimizer.step()

    return step


def timed(step: Callable[[Tensor, Tensor], None], pairs: Iterator[Any]) -> float:
    """Seconds per step."""
    for inputs, targets in (next(pairs) for _ in range(2)):
        step(inputs, targets)
    since = time.perf_counter()
    for _ in range(STEPS):
        step(*next(pairs))
    return (time.perf_counter() - since) / STEPS


def endless(make: Callable[[], Any]) -> Iterator[Any]:
    while True:
        yield from make()


def small_images(name: str, model: ModelSpec, channels_last: bool) -> None:
    data = Random28(val_fraction=0.0)
    ours = batches.Batches(data, CPU, channels_last)
    samples = batches.loaded(data)["train"]
    same = next(ours.shuffled(BATCH, 0, 1))
    loader = DataLoader(ByHand(samples), BATCH, shuffle=True)
    feeds = {
        "limit": endless(lambda: [same]),
        "batches": endless(lambda: ours.shuffled(BATCH, 0, 1)),
        "by hand": endless(lambda: loader),
    }
    step = stepper(model, channels_last)
    found: dict[str, list[float]] = {feed: [] for feed in (*feeds, "fit")}
    for number in range(ROUNDS):
        for feed, pairs in feeds.items():
            found[feed].append(timed(step, pairs))
        if number % 8 == 0:
            found["fit"].append(whole_run(data, model))
    told(name, found)


def whole_run(data: DatasetSpec, model: ModelSpec) -> float:
    """Seconds per step of a run, figures and events included."""
    train = TrainConfig(
        loss=LossSpec.named("CrossEntropyLoss")(),
        optimizer=OptimizerSpec.named("Adam")(),
        batch_size=BATCH,
        epochs=1,
    )
    project = Project(model=model, data=data, train=train)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(fit(project, create_run(project, Path(folder)))) as events,
    ):
        steps = (event for event in events if isinstance(event, StepCompleted))
        first = next(event for event in steps if event.step >= 10)
        last = next(
            event for event in steps if event.seconds > first.seconds and event.step >= OF_A_RUN
        )
    return (last.seconds - first.seconds) / (last.step - first.step)


def told(name: str, found: dict[str, list[float]]) -> None:
    """Ratios of the medians, and the medians."""
    middle = {feed: statistics.median(times) for feed, times in found.items()}
    for feed in ("batches", "fit"):
        if feed in middle and "limit" in middle:
            print(f"{name}: {feed} at {middle['limit'] / middle[feed]:.2f} of the bare step")
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


def status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


PARTS: dict[str, Callable[[], None]] = {
    "cnn": lambda: small_images("CNN on 60,000 28x28", CNN, True),
    "mlp": lambda: small_images("MLP on 60,000 28x28", MLP, False),
    "folder": folder,
    "transforms": transforms,
    "memory": memory,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        peak(sys.argv[2])
    else:
        machine.tune_allocator()
        for part in sys.argv[1:] or PARTS:
            PARTS[part]()
