"""Arrays of the user's: inputs and targets in NumPy's files or in those of MNIST."""

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from workbench.catalog.datasets.array_files import (
    IDX_NAME,
    MOST_ARRAYS,
    NUMBERS,
    WORDS,
    Held,
    arrays_in,
    is_array_file,
    read_array,
)
from workbench.catalog.datasets.array_layout import (
    Layout,
    laid_out,
    layout_of,
    sample_shape,
    with_white,
)
from workbench.catalog.datasets.array_roles import Called, Pair, called, paired
from workbench.catalog.datasets.array_source import array_source
from workbench.catalog.datasets.columns import (
    LARGEST,
    MOST_VALUES,
    Moments,
    ScaleTarget,
    WishedTask,
    number_text,
)
from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import DatasetInfo, Samples, Split, Task
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.file_source import Facts, FileSource, digest_of
from workbench.core.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 20
"""Targets with more different whole numbers are classes only where they count without a gap."""
Name = Annotated[str, Field(strict=True, max_length=500)]


class ArrayFacts(Facts):
    """The arrays that were found."""

    arrays: Annotated[tuple[Held, ...], Field(min_length=1, max_length=MOST_ARRAYS)]


class Arrays(WithTestShare, FileSource):
    """Arrays of inputs and targets: NumPy's `.npy` and `.npz`, or IDX as of MNIST, also gzipped.

    A `.npy` or IDX file is opened with those beside it whose names go with its own.
    """

    title: ClassVar[str] = "Arrays"
    summary: ClassVar[str] = "Arrays of your own: images, rows or sequences, and their targets"
    opens: ClassVar[str] = "arrays (NumPy .npy and .npz, IDX)"

    facts: ArrayFacts = Field(title="Found", description="The arrays that were found.")
    inputs: Name = Field(
        default="",
        title="Inputs",
        description="The array of samples, one behind the other; empty is found by its name.",
    )
    targets: Name = Field(
        default="",
        title="Targets",
        description="The array of what is to be predicted; empty is found by its name, or is the "
        "last column of the inputs.",
    )
    layout: Layout = Field(
        default="found",
        title="Layout",
        description="What a sample is: an image, a sequence (length, features), or a row.",
    )
    task: WishedTask = "found"
    scale_target: ScaleTarget = True

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return is_array_file(path) or (path.is_dir() and bool(_paired_files(path)))

    @classmethod
    def found(cls, path: Path, **options: Any) -> Generator[Progress, None, Self]:
        files = _paired_files(path) if path.is_dir() else _beside(path)
        arrays = []
        for number, file in enumerate(files[:MOST_ARRAYS]):
            yield Progress(text=f"Reading {file.name}", done=number, total=len(files))
            arrays += list(arrays_in(file))
        if not arrays:
            raise UserError("{path} holds no arrays.", path=path)
        alone, folder = len(arrays) == 1, files[0].parent
        valued = tuple(_with_values(folder, held, alone) for held in arrays[:MOST_ARRAYS])
        facts = ArrayFacts(digest=digest_of(files), arrays=valued)
        return cls.made(path, facts, options)

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        path = Path(self.path)
        return path if path.is_dir() else path.parent

    def check_unchanged(self) -> None:
        names = dict.fromkeys(held.file for held in self.facts.arrays)
        self.check_digest(self.folder / name for name in names)

    @model_validator(mode="after")
    def _arrays_fit(self) -> Self:
        for inputs, targets in self._pairs().values():
            if inputs.letter not in NUMBERS or not inputs.shape or not inputs.shape[0]:
                raise ValueError(f"the inputs {inputs.name!r} hold no numbers")
            sample_shape(inputs, self.layout, targets is None)
            if targets is None:
                continue
            if not targets.is_targets:
                raise ValueError(f"the targets {targets.name!r} are not one value for each sample")
            if targets.shape[0] != inputs.shape[0]:
                raise ValueError(
                    f"{inputs.name!r} has {inputs.shape[0]:,} samples, but {targets.name!r} has "
                    f"{targets.shape[0]:,} targets"
                )
        self._check_task()
        return self

    def _check_task(self) -> None:
        if self._task == "classification" and not self._classes():
            raise ValueError("the targets have too many different values to be classes")
        if self._task == "regression" and any(t.letter in WORDS for t in self._targets()):
            raise ValueError("the targets are words: no regression")

    def _pairs(self) -> dict[Split, Pair]:
        arrays = {held.name: held for held in self.facts.arrays}
        for name in filter(None, (self.inputs, self.targets)):
            if name not in arrays:
                raise ValueError(f"there is no array {name!r}; there are {', '.join(arrays)}")
        if self.inputs:
            return {"train": Pair(arrays[self.inputs], arrays.get(self.targets))}
        found = paired(list(arrays.values()))
        if not found:
            raise ValueError(
                f"inputs and targets can't be told apart; name them out of {', '.join(arrays)}"
            )
        if self.targets:
            return {"train": Pair(found["train"].inputs, arrays[self.targets])}
        return found

    def _targets(self) -> list[Held]:
        return [pair.targets or pair.inputs for pair in self._pairs().values()]

    def _classes(self) -> tuple[str, ...]:
        """All values of the targets, numbers in their order."""
        each = [held.values for held in self._targets()]
        if not all(each):
            return ()
        values = {value for values in each for value in values}
        of_numbers = all(held.letter in NUMBERS for held in self._targets())
        return tuple(sorted(values, key=float if of_numbers else str))

    @property
    def _task(self) -> Task:
        if self.task != "found":
            return self.task
        targets, classes = self._targets(), self._classes()
        if not classes:
            return "classification" if targets[0].letter in WORDS else "regression"
        if any(held.letter in WORDS for held in targets) or len(classes) <= FEW:
            return "classification"
        gapless = float(classes[-1]) - float(classes[0]) + 1 == len(classes)
        return "classification" if gapless and targets[0].letter in "biu" else "regression"

    def offers(self) -> Mapping[str, Sequence[Any]]:
        names = [held.name for held in self.facts.arrays]
        targets = [held.name for held in self.facts.arrays if held.is_targets]
        return {"inputs": ["", *names], "targets": ["", *targets]}

    def counts(self) -> dict[Split, int]:
        return {split: pair.inputs.shape[0] for split, pair in self._pairs().items()}

    def source_info(self) -> DatasetInfo:
        pairs, task = self._pairs(), self._task
        inputs, targets = pairs["train"]
        of_classes = task == "classification"
        valued = targets or inputs
        scales = self.scale_target and not of_classes
        return DatasetInfo(
            title=self.name,
            origin="your file",
            shape=sample_shape(inputs, self.layout, targets is None),
            task=task,
            sizes=self.sizes(self.counts()),
            classes=self._classes() if of_classes else (),
            target="class" if of_classes else targets.name if targets else "last column",
            target_scale=(valued.mean, valued.std or 1.0) if scales else (0.0, 1.0),
            full_scale=float(inputs.full_scale),
        )

    def source(self) -> Source:
        classes = self._classes() if self._task == "classification" else ()
        return array_source(self, self._pairs(), classes)

    def read(self, path: Path) -> Mapping[Split, Samples]:
        return self.split({split: self._samples(pair) for split, pair in self._pairs().items()})

    def _samples(self, pair: Pair) -> Samples:
        inputs = read_array(self.folder, pair.inputs)
        if pair.targets is None:
            inputs, targets = inputs[:, :-1], inputs[:, -1]
        else:
            targets = read_array(self.folder, pair.targets).reshape(-1)
        layout = layout_of(pair.inputs, self.layout, pair.targets is None)
        shape = sample_shape(pair.inputs, self.layout, pair.targets is None)
        file = pair.inputs.file
        return Samples(
            laid_out(inputs, layout, shape, self.folder / file, pair.inputs.full_scale),
            self._as_targets(targets),
        )

    def _as_targets(self, targets: "NDArray[Any]") -> "NDArray[Any]":
        import numpy as np

        if self._task == "regression":
            return targets.astype(np.float32)
        codes = {value: code for code, value in enumerate(self._classes())}
        different, places = np.unique(targets, return_inverse=True)
        return np.array([codes[_text(value)] for value in different], dtype=np.int64)[places]


def _paired_files(folder: Path) -> list[Path]:
    """The array files of a folder, if their names say inputs and targets."""
    files = sorted(path for path in folder.iterdir() if is_array_file(path))
    files = [path for path in files if path.suffix.lower() != ".npz" and _called(path).role]
    return files if {"inputs", "targets"} <= {_called(path).role for path in files} else []


def _beside(path: Path) -> list[Path]:
    """A file with those whose names differ from its own in what they say of split and role."""
    own = _called(path)
    if path.suffix.lower() == ".npz" or not own.role:
        return [path]
    others = (file for file in path.parent.iterdir() if is_array_file(file) and file != path)
    alike = [file for file in others if _called(file).role and _called(file).rest == own.rest]
    same = [file for file in alike if (file.suffix == ".npy") == (path.suffix == ".npy")]
    return sorted([path, *same])


def _with_values(folder: Path, held: Held, alone: bool) -> Held:
    """The array with its different values where it may be targets: numbers or words, one each,
    or the last column of an array that is alone."""
    if not held.is_targets and not (alone and len(held.shape) == 2):
        return with_white(folder, held)
    import numpy as np

    array = read_array(folder, held)
    column = array.reshape(-1) if held.is_targets else array[:, -1]
    if held.letter in NUMBERS:
        moments = Moments()
        moments.add(column[np.abs(column) < LARGEST].astype(np.float64))
        held = held.replace(mean=moments.mean, std=moments.std)
    different = np.unique(column[: 10 * MOST_VALUES])
    if len(different) <= MOST_VALUES:  # else the rest can't change it, and takes long to sort
        different = np.unique(column)
    whole = held.letter in WORDS or _are_whole(different)
    if len(different) > MOST_VALUES or not whole:
        return held
    return held.replace(values=tuple(map(_text, different)))


def _called(path: Path) -> Called:
    return called(IDX_NAME.sub("", path.name).removesuffix(".npy"))


def _are_whole(values: "NDArray[Any]") -> bool:
    import numpy as np

    return bool(np.isfinite(values).all() and (values == np.floor(values)).all())


def _text(value: Any) -> str:
    """A target as its class is called."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else number_text(float(value))
