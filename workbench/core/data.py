"""Data as values: where samples come from, how they are split and prepared."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar

from pydantic import Field, SerializeAsAny, model_validator

from workbench.core.errors import UserError
from workbench.core.held_back import dealt, held_back
from workbench.core.layer import Shape
from workbench.core.source import Source
from workbench.core.spec import Fraction, Spec
from workbench.core.transform import TransformSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.core.events import Progress
    from workbench.core.raw import Encoding, RawSamples

R = TypeVar("R")

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
EVALUATED: tuple[Split, ...] = ("val", "test")
"""Those that predictions are made for."""
Task = Literal["classification", "regression"]


class Samples(NamedTuple):
    """Samples side by side.

    `inputs` is (n, channels, height, width) uint8 for images, (n, features) float32 for tables;
    `targets` is (n,) int64 classes, or (n,) float32 values for regression. Inputs that may not fit
    into memory are `Rows` of a file, which are read when they are indexed.
    """

    inputs: Any
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
    target_scale: tuple[float, float] = (0.0, 1.0)
    """What is subtracted from a target that is a number, and what it is then divided by, for
    training alone: predictions and their errors are told in its own unit."""
    full_scale: float = 255.0
    """The value of a white pixel; images are divided by it."""

    @property
    def is_image(self) -> bool:
        """Whether a sample is a picture: channels, height, width."""
        return len(self.shape) == 3


Preparation = Annotated[tuple[SerializeAsAny[TransformSpec], ...], Field(max_length=50)]


class DatasetSpec(Spec, shelf=True):
    """A source of samples, and how they are split and prepared. `info` is cheap, `load` is not.

    A source says `source_info`, of samples as `load` gives them; `info` is behind `prepare`.
    """

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
    stratify: bool = Field(
        default=True,
        strict=True,
        title="Stratify",
        description="Every class gives the same share to every split; off, chance decides.",
    )
    folds: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=1,
        title="Folds",
        description="Above 1 the training samples are dealt into so many equal parts (k-fold), "
        "and one of them takes the place of the validation share.",
    )
    fold: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=1,
        title="Fold",
        description="Which of the folds validates, from 1; train once with each for k-fold.",
    )
    normalize: bool = Field(
        default=True,
        strict=True,
        title="Normalize",
        description="Subtract the mean and divide by the standard deviation of the training split, "
        "unless Normalize is one of the transforms. Behind transforms that change every sample, "
        "such as Resize, both are measured on 4,096 samples, evenly spaced.",
    )
    prepare: Preparation = Field(
        default=(),
        title="Transforms",
        description="What is done to the samples, in this order; random ones in training only.",
    )
    balance: Literal["none", "weights", "sampling"] = Field(
        default="none",
        title="Balance",
        description="For classes of unequal size: weights counts rare ones more in the loss, "
        "sampling shows them more often.",
    )

    @model_validator(mode="after")
    def _fits_its_samples(self) -> Self:
        if self.prepare or self.balance != "none":
            try:
                info = self.info()
            except UserError as error:
                raise ValueError(str(error)) from error
            needs = (
                "MixUp and CutMix" if self.mixes else "balance" if self.balance != "none" else ""
            )
            if needs and info.task != "classification":
                raise ValueError(f"{needs} needs classes, and here the target is a number")
        return self

    def matters(self, field: str) -> bool:
        if field in ("fold", "val_fraction"):
            return (self.folds > 1) == (field == "fold")
        if field in ("stratify", "scale_target"):
            task = self.source_info().task
            return task == ("regression" if field == "scale_target" else "classification")
        return super().matters(field)

    @property
    def unprepared(self) -> Self:
        """The same samples as they are in the files, split as here."""
        return self.replace(prepare=(), balance="none", normalize=True)

    @property
    def mixes(self) -> bool:
        """Whether training gets class probabilities as targets, since samples are mixed."""
        return any(transform.mixes for transform in self.prepare)

    @model_validator(mode="after")
    def _fold_is_there(self) -> Self:
        if self.fold > self.folds:
            raise ValueError(f"there is no fold {self.fold} of {self.folds}")
        return self

    @classmethod
    def offered(cls) -> dict[str, type[Self]]:
        """All datasets that can be chosen by name alone; those of the user's files need a path."""
        return {
            name: kind
            for name, kind in cls.choices().items()
            if not any(field.is_required() for field in kind.model_fields.values())
        }

    def offers(self) -> Mapping[str, Sequence[Any]]:
        """Values to choose from for fields where they depend on the data, by field: a table's
        columns for its target."""
        return {}

    def info(self) -> DatasetInfo:
        """Shape of a prepared sample, task, classes and sizes, without reading the samples."""
        found = self.source_info()
        shape = found.shape
        for transform in self.prepare:
            shape = transform.out_shape(shape)
        return replace(found, shape=shape)

    def source_info(self) -> DatasetInfo:
        """What `info` tells, with the shape that samples have when they come from `load`."""
        raise NotImplementedError

    def load(self) -> Mapping[Split, Samples]:
        """All samples by split.

        Raises:
            UserError: the files are missing or damaged.
        """
        raise NotImplementedError

    def split_sizes(self, total: int, test: int) -> dict[Split, int]:
        """Sizes of the splits when validation samples are taken from `total` samples."""
        val = round(total * self.val_fraction)
        if self.folds > 1:
            val = len(range(self.fold - 1, total, self.folds))
        return {"train": total - val, "val": val, "test": test}

    def validating(self, targets: Sequence[int] | None, total: int) -> list[int]:
        """Which of `total` samples validate, ascending; evenly from each class of `targets`."""
        if self.folds > 1:
            return dealt(targets, total, self.folds, self.split_seed)[self.fold - 1]
        return held_back(targets, total, self.val_fraction, self.split_seed)

    def loading(self) -> "Generator[Progress, None, Mapping[Split, Samples]]":
        """`load`, with Progress on the way where it takes long.

        Raises:
            UserError: see `load`.
        """
        yield from ()
        return self.load()

    def raw_samples(self) -> "Generator[Progress, None, RawSamples | None]":
        """The samples before columns become features, where they do; None where samples are
        outside as `load` gives them.

        Raises:
            UserError: see `load`.
        """
        yield from ()
        return None

    def encoding(self, instead: "Sequence[float]") -> "Encoding | None":
        """How columns become features, with what takes the place of a missing value in each;
        None where samples are not made of columns."""
        return None

    def source(self) -> Source:
        """The same as Python: lines that make the numpy arrays `train_inputs`, `train_targets`
        and so on for val and test. `split(inputs, targets, fraction, seed)` is there, which gives
        inputs and targets without and with the share that is held back.

        Raises:
            UserError: this kind of data can't be told as a program yet.
        """
        raise UserError(
            "{name} can't be read by a train.py of its own yet. Take the network alone, or train "
            "by `workbench train`.",
            name=self.info().title,
        )

    def sample_names(self) -> Mapping[Split, Sequence[str]]:
        """What people know the samples of each split by, such as their files, in the order of
        `load`; empty where they have no names.

        Raises:
            UserError: as `load`.
        """
        return {}

    def download(self) -> "Generator[Progress, None, None]":
        """Fetch the files that `load` reads, where the dataset is `downloadable`. Closed before
        its end, it leaves nothing behind.

        Raises:
            UserError: no network, or no room.
        """
        raise NotImplementedError


def ended(steps: Generator[Any, None, R]) -> R:
    """What a generator gives at its end, without what it says on the way."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: R = end.value
            return made
