"""Sequences of the user's: a folder of tables, each a sample."""

import math
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from workbench.catalog.datasets.columns import (
    MISSING,
    Column,
    Name,
    ScaleTarget,
    WishedTask,
    names_of,
    number_text,
    numbers,
    task_of,
)
from workbench.catalog.datasets.read_once import read_once
from workbench.catalog.datasets.sequence_files import (
    SequenceFile,
    check_decimal,
    labels_file,
    longest_line_of,
    read_sequence,
    sequence_files,
    targets_by_file,
)
from workbench.catalog.datasets.sequence_source import sequence_source
from workbench.catalog.datasets.splitting import WithTestShare, by_part
from workbench.catalog.datasets.table_facts import TableFacts, survey
from workbench.catalog.datasets.text_table import Dialect
from workbench.catalog.datasets.windows import filled_in_order
from workbench.core.data import SPLITS, DatasetInfo, Samples, Split
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.file_source import Count, Facts, FileSource, changed, check_room, digest_of
from workbench.core.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 50
"""Files between two signs of life."""


class SequenceFacts(Facts):
    """What the sequences have in common, and how many there are."""

    dialect: Dialect
    columns: tuple[Name, ...] = Field(min_length=1)
    """Columns that hold numbers."""
    longest: Count
    shortest: Count
    counts: tuple[Count, Count, Count]
    """Sequences for each split."""
    target: Column
    """What is predicted: the classes that folders say, or a column of the table of targets."""
    labels: TableFacts | None = None
    """The table of targets, if there is one."""


class Sequences(WithTestShare, FileSource):
    """A folder of text tables, each a sequence: in a folder for each class, or beside a table
    `labels.csv` that names each file in its first column and has its target in the last one."""

    title: ClassVar[str] = "Sequences"
    summary: ClassVar[str] = "Sequences of your own: a table each, in a folder for each class"
    opens: ClassVar[str] = (
        "folders of sequences (CSV, TSV; a folder for each class, or with a labels.csv)"
    )

    facts: SequenceFacts = Field(title="Found", description="What was found in the sequences.")
    target: Name = Field(
        default="",
        title="Target",
        description="The column of the table of targets that is predicted; empty is its last one.",
    )
    features: Annotated[tuple[Name, ...], BeforeValidator(names_of)] = Field(
        default=(),
        title="Features",
        description="The columns to predict it from; empty is all that hold numbers.",
    )
    length: Annotated[int, Field(strict=True, ge=0, le=100_000)] = Field(
        default=0,
        title="Length",
        description="Steps of a sample: longer sequences lose their beginning, shorter ones get "
        "zeros in front; 0 is the longest.",
    )
    task: WishedTask = "found"
    scale_target: ScaleTarget = True

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return path.is_dir() and next(sequence_files(path), None) is not None

    @classmethod
    def found(cls, path: Path, **options: Any) -> Generator[Progress, None, Self]:
        files = list(sequence_files(path))
        first = yield from survey(files[0].path)
        columns = tuple(column.name for column in first.columns if column.holds == "number")
        if first.dialect is None or not columns:
            raise UserError("{path} has no column of numbers.", path=files[0].path)
        lengths, longest = [], 0
        for number, file in enumerate(files):
            check_decimal(file.path, first.dialect)
            longest = max(longest, longest_line_of(file.path, first.dialect))
            lengths.append(len(read_sequence(file.path, first.dialect, columns)[0]))
            if number % PIECE == 0:
                yield Progress(text=f"Reading {path.name}", done=number, total=len(files))
        if not max(lengths):
            raise UserError("The tables in {path} have no rows.", path=path)
        labels = labels_file(path)
        table = (yield from survey(labels)) if labels else None
        splits = Counter(file.split for file in files)
        facts = SequenceFacts(
            digest=_digest(path, files),
            dialect=first.dialect.replace(longest=longest),
            columns=columns,
            longest=max(lengths),
            shortest=min(lengths),
            counts=tuple(splits[split] for split in SPLITS),
            target=_target(path, files, table, options.get("target", "")),
            labels=table,
        )
        return cls.made(path, facts, options)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in self.features:
            if name not in self.facts.columns:
                known = ", ".join(self.facts.columns)
                raise ValueError(f"there is no column {name!r:.80} of numbers; there are {known}")
        if self.target and self.target not in self._predictable:
            known = ", ".join(self._predictable)
            raise ValueError(f"there is no target {self.target!r:.80}; there are {known}")
        task_of(self.predicted, self.task)
        return self

    @property
    def predicted(self) -> Column:
        """The classes that folders say, or a column of the table of targets."""
        labels = self.facts.labels
        if labels is None:
            return self.facts.target
        return labels.columns[labels.place(self.target)]  # nowhere is -1, the last one

    @property
    def _predictable(self) -> tuple[str, ...]:
        labels = self.facts.labels
        columns = labels.columns[1:] if labels else (self.facts.target,)
        return tuple(column.name for column in columns)

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.features or self.facts.columns

    def offers(self) -> Mapping[str, Sequence[Any]]:
        targets = {"target": ["", *self._predictable]} if self.facts.labels else {}
        return {**targets, "features": self.facts.columns}

    def counts(self) -> dict[Split, int]:
        return dict(zip(SPLITS, self.facts.counts, strict=True))

    def source_info(self) -> DatasetInfo:
        target = self.predicted
        task = task_of(target, self.task)
        scales = self.scale_target and task == "regression"
        return DatasetInfo(
            title=self.name,
            origin="your folder",
            shape=(self.length or self.facts.longest, len(self._columns)),
            task=task,
            sizes=self.sizes(self.counts()),
            classes=target.values if task == "classification" else (),
            features=self._columns,
            target=target.name,
            target_scale=target.scale if scales else (0.0, 1.0),
        )

    def source(self) -> Source:
        return sequence_source(self)

    def check_unchanged(self) -> None:
        path = Path(self.path)
        if _digest(path, list(sequence_files(path))) != self.facts.digest:
            raise changed(path)

    def reading(self, path: Path) -> Generator[Progress, None, Mapping[Split, Samples]]:
        import numpy as np

        files = list(sequence_files(path))
        asked = (path, self.facts, self.length, self._columns)
        (inputs,) = yield from read_once(asked, self._inputs(path, files))
        parts = np.array([SPLITS.index(file.split) for file in files])
        return self.split(by_part(Samples(inputs, self._targets(path, files)), parts))

    def _inputs(
        self, path: Path, files: Sequence[SequenceFile]
    ) -> "Generator[Progress, None, tuple[NDArray[Any]]]":
        import numpy as np

        length, features = self.source_info().shape
        check_room(path, 8 * len(files) * length * features)
        inputs = np.zeros((len(files), length, features), dtype=np.float32)
        for number, file in enumerate(files):
            values = np.array(read_sequence(file.path, self.facts.dialect, self._columns)).T
            if len(values):
                values = np.nan_to_num(filled_in_order(values))[-length:]
                inputs[number, length - len(values) :] = values
            if number % PIECE == 0:
                yield Progress(text=f"Reading {path.name}", done=number, total=len(files))
        return (inputs,)

    def _targets(self, path: Path, files: Sequence[SequenceFile]) -> "NDArray[Any]":
        import numpy as np

        target = self.predicted
        told = _told(path, files, self.facts.labels, target.name)
        if target.holds == "number":
            found = numbers(told, _decimal(self.facts.labels))
            if task_of(target, self.task) == "regression":
                return found.astype(np.float32)
            told = [number_text(value) for value in found.tolist()]
        return np.array([target.codes[value] for value in told], dtype=np.int64)


def _digest(path: Path, files: Iterable[SequenceFile]) -> str:
    labels = labels_file(path)
    return digest_of([*(file.path for file in files), *([labels] if labels else [])], path)


def _target(
    path: Path, files: Sequence[SequenceFile], table: TableFacts | None, wished: str
) -> Column:
    """The classes of the folders, or the column of the table of targets."""
    if table is None:
        values = sorted({file.label for file in files})
        return Column(name="class", holds="category", distinct=len(values), values=tuple(values))
    name = wished or table.columns[-1].name
    if table.place(name) < 1:
        known = ", ".join(column.name for column in table.columns[1:])
        raise UserError(
            "{path}: there is no column {name!r} of targets; there are {known}.",
            path=labels_file(path),
            name=name,
            known=known,
        )
    _told(path, files, table, name)
    return table.columns[table.place(name)]


def _told(
    path: Path, files: Sequence[SequenceFile], table: TableFacts | None, name: str
) -> list[str]:
    """The target of each file as text.

    Raises:
        UserError: the table of targets says none for a file, or an infinite one.
    """
    labels = labels_file(path)
    if table is None or labels is None:
        return [file.label for file in files]
    targets = targets_by_file(labels, table, name)
    told = [targets.get(file.path.name) or targets.get(file.path.stem, "") for file in files]
    column = table.columns[table.place(name)]
    for cell, file in zip(told, files, strict=True):
        if _lacks(cell, column, _decimal(table)):
            raise UserError(
                "{labels} has no {name} for {file}. Say it in a row of that file, or take the file "
                "away.",
                labels=labels,
                name=name,
                file=file.path.name,
            )
    return told


def _lacks(cell: str, column: Column, decimal: str) -> bool:
    """Whether a cell says no value that can be learned."""
    if cell in MISSING or column.holds != "number":
        return cell in MISSING
    return not math.isfinite(numbers([cell], decimal)[0])


def _decimal(labels: TableFacts | None) -> str:
    return labels.dialect.decimal if labels and labels.dialect else "."
