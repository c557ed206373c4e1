"""Data as values: where samples come from, how they are split and prepared."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.spec import Fraction, Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
Task = Literal["classification", "regression"]


class Samples(NamedTuple):
    """Samples side by side.

    `inputs` is (n, channels, height, width) uint8 for images, (n, features) float32 for tables;
    `targets` is (n,) int64 classes, or (n,) float32 values for regression.
    """

    inputs: "NDArray[Any]"
    targets: "NDArray[Any]"


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What is known of a dataset before it is loaded."""

    title: str
    origin: str
    """Where it comes from, in two or three words."""
    shape: Shape
    task: Task
    sizes: Mapping[Split, int]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    """The names of a table's columns."""
    target: str = "class"
    """What is predicted, in a word or two."""
    full_scale: float = 255.0
    """The value of a white pixel; images are divided by it."""

    @property
    def is_image(self) -> bool:
        """Whether a sample is a picture: channels, height, width."""
        return len(self.shape) == 3


class DatasetSpec(Spec, shelf=True):
    """A source of samples, and how they are split and prepared. `info` is cheap, `load` is not."""

    title: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it is, how much of it, what it is good for."""
    downloadable: ClassVar[bool] = False

    val_fraction: Fraction = Field(
        default=0.1,
        title="Validation share",
        description="Share of the training samples that is held back to measure every epoch.",
    )
    split_seed: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=2**32 - 1,
        title="Split seed",
        description="The same seed splits the samples in the same way.",
    )
    normalize: bool = Field(
        default=True,
        strict=True,
        title="Normalize",
        description="Subtract the mean and divide by the standard deviation of the training split.",
    )

    def info(self) -> DatasetInfo:
        """Shape, task, classes and sizes, without reading the samples."""
        raise NotImplementedError

    def load(self) -> Mapping[Split, Samples]:
        """All samples by split.

        Raises:
            UserError: the files are missing or damaged.
        """
        raise NotImplementedError

    def source(self) -> Source:
        """The same as Python: lines that make the numpy arrays `train_inputs`, `train_targets`
        and so on for val and test. `split(inputs, targets, fraction, seed)` is there, which gives
        inputs and targets without and with the share that is held back."""
        raise NotImplementedError

    def download(self) -> None:
        """Fetch the files that `load` reads, where the dataset is `downloadable`.

        Raises:
            UserError: no network, or no room.
        """
        raise NotImplementedError


def held_back(targets: Sequence[int] | None, total: int, fraction: float, seed: int) -> list[int]:
    """Which of `total` samples are held back, drawn by `seed`; ascending.

    With `targets` (classes) every class gives its share (a stratified split). Python's own
    generator is used since its sequence is the same on every platform and version.
    """
    wanted = round(total * fraction)
    groups: dict[int, list[int]] = {}
    for index in range(total):
        groups.setdefault(targets[index] if targets is not None else 0, []).append(index)
    draw = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    ranked: list[tuple[float, int]] = []
    for _, members in sorted(groups.items()):
        draw.shuffle(members)
        # Position within its class as a share: cutting at the fraction takes evenly from each.
        ranked += [((place + 0.5) / len(members), index) for place, index in enumerate(members)]
    return sorted(index for _, index in sorted(ranked)[:wanted])


def split_sizes(total: int, val_fraction: float, test: int) -> dict[Split, int]:
    """Sizes of the splits when `val_fraction` of `total` training samples is held back."""
    val = round(total * val_fraction)
    return {"train": total - val, "val": val, "test": test}
