"""The works that benchmarks of training share: networks, data, recipes, and how turns are told."""

import statistics
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np

import workbench.catalog  # noqa: F401
from workbench.core.data import DatasetInfo, DatasetSpec, Samples
from workbench.core.events import Event, RunStarted, StepCompleted
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig

BATCH = 64


def layer(kind: str, **arguments: Any) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


def stack(*layers: LayerSpec) -> ModelSpec:
    return ModelSpec(layers=layers)


CNN = stack(
    layer("Conv2d", out_channels=16, kernel_size=3, padding=1), layer("ReLU"), layer("MaxPool2d"),
    layer("Conv2d", out_channels=32, kernel_size=3, padding=1), layer("ReLU"), layer("MaxPool2d"),
    layer("Flatten"), layer("Linear", out_features=10),
)  # fmt: skip
WIDER_CNN = stack(
    layer("Conv2d", out_channels=32, kernel_size=3, padding=1), layer("ReLU"), layer("MaxPool2d"),
    layer("Conv2d", out_channels=64, kernel_size=3, padding=1), layer("ReLU"), layer("MaxPool2d"),
    layer("Conv2d", out_channels=64, kernel_size=3, padding=1), layer("ReLU"), layer("MaxPool2d"),
    layer("Flatten"), layer("Linear", out_features=10),
)  # fmt: skip
MLP = stack(
    layer("Flatten"), layer("Linear", out_features=128), layer("ReLU"),
    layer("Linear", out_features=10),
)  # fmt: skip
LOGISTIC = stack(layer("Linear", out_features=2))


class Random28(DatasetSpec):
    """As many images as MNIST has, of noise: it is time that is measured."""

    title = "Noise"
    summary = "for benchmarks"

    def source_info(self) -> DatasetInfo:
        sizes = {"train": 60_000, "val": 10, "test": 10}
        return DatasetInfo(
            title="noise", origin="", shape=(1, 28, 28), task="classification", sizes=sizes,
            classes=tuple("0123456789"),
        )  # fmt: skip

    def load(self) -> Any:
        draw = np.random.default_rng(0)
        inputs = draw.integers(0, 256, (60_000, 1, 28, 28), dtype=np.uint8)
        whole = Samples(inputs, draw.integers(0, 10, 60_000))
        none = Samples(inputs[:10], whole.targets[:10])
        return {"train": whole, "val": none, "test": none}


class Blots(DatasetSpec):
    """Ten pictures of 32x32 in colour under so much noise that a network errs now and then."""

    title = "Blots"
    summary = "for benchmarks"

    def source_info(self) -> DatasetInfo:
        sizes = {"train": 3000, "val": 500, "test": 1000}
        return DatasetInfo(
            title="blots", origin="", shape=(3, 32, 32), task="classification", sizes=sizes,
            classes=tuple("0123456789"),
        )  # fmt: skip

    def load(self) -> Any:
        draw = np.random.default_rng(0)
        pictures = np.kron(draw.uniform(-1, 1, (10, 3, 8, 8)), np.ones((1, 1, 4, 4)))

        def drawn(count: int) -> Samples:
            targets = draw.integers(0, 10, count)
            noisy = 128 + 12 * pictures[targets] + draw.normal(0, 60, (count, 3, 32, 32))
            return Samples(noisy.clip(0, 255).astype(np.uint8), targets)

        return {"train": drawn(3000), "val": drawn(500), "test": drawn(1000)}


class Rows(DatasetSpec):
    """A table of 30 columns whose two classes a plane parts, but for some noise."""

    title = "Rows"
    summary = "for benchmarks"

    def source_info(self) -> DatasetInfo:
        sizes = {"train": 20_000, "val": 2000, "test": 5000}
        return DatasetInfo(
            title="rows", origin="", shape=(30,), task="classification", sizes=sizes,
            classes=("no", "yes"),
        )  # fmt: skip

    def load(self) -> Any:
        draw = np.random.default_rng(0)
        plane = draw.normal(size=30)

        def drawn(count: int) -> Samples:
            inputs = draw.normal(size=(count, 30)).astype(np.float32)
            score = inputs @ plane + draw.normal(0, 2, count)
            return Samples(inputs, (score > 0).astype(np.int64))

        return {"train": drawn(20_000), "val": drawn(2000), "test": drawn(5000)}


def work(model: ModelSpec, data: DatasetSpec, epochs: int, lr: float) -> Project:
    """A project: cross-entropy, Adam, batches of 64."""
    train = TrainConfig(
        loss=LossSpec.named("CrossEntropyLoss")(), optimizer=OptimizerSpec.named("Adam")(),
        batch_size=BATCH, epochs=epochs, lr=lr,
    )  # fmt: skip
    return Project(model=model, data=data, train=train)


def fashion() -> DatasetSpec:
    """Real images of 28x28: 5,400 to train on."""
    return DatasetSpec.named("FashionMNISTSmall")()


WORKS: dict[str, Callable[[int], Project]] = {
    "cnn": lambda epochs: work(CNN, fashion(), epochs, 0.002),
    "cnn32": lambda epochs: work(WIDER_CNN, Blots(), epochs, 0.001),
    "mlp": lambda epochs: work(MLP, fashion(), epochs, 0.001),
    "logistic": lambda epochs: work(LOGISTIC, Rows(), epochs, 0.01),
}
TITLES = {
    "cnn": "small CNN, 28x28",
    "cnn32": "CNN, 32x32x3",
    "mlp": "MLP, 28x28",
    "logistic": "logistic regression, 30 columns",
}


class Steady:
    """A run that is trained for some seconds when it is asked, and holds still in between."""

    def __init__(self, events: Generator[Event]) -> None:
        self._events = events
        self.tuning = next(event.tuning for event in events if isinstance(event, RunStarted))
        self._steps = (event for event in events if isinstance(event, StepCompleted))
        self._last = next(self._steps)

    def close(self) -> None:
        """End the run."""
        self._events.close()

    def pace(self, seconds: float) -> float:
        """Seconds per step over at least so many seconds, by the clock on the wall.

        A run tells of its steps in bursts, and has made all of a burst when it tells of the first.
        """
        begun, since = self._last, time.perf_counter()
        for event in self._steps:
            taken = time.perf_counter() - since
            if event.seconds > self._last.seconds and taken >= seconds:
                self._last = event
                return taken / (event.step - begun.step)
            self._last = self._last if event.seconds == self._last.seconds else event
        raise RuntimeError("the run has ended")


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as fast as theirs ours is: the median over turns next to each other."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def asked(names: Iterable[str]) -> list[str]:
    """Those of the names that stand on the command line, or all."""
    return [name for name in names if name in sys.argv] or list(names)
