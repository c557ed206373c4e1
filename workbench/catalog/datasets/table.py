"""Tables of the user's: a row is a sample, one column is the target, others are features."""

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from workbench.catalog.datasets.columns import (
    Column,
    Name,
    ScaleTarget,
    WishedTask,
    names_of,
    task_of,
)
from workbench.catalog.datasets.encoding import (
    Categories,
    Missing,
    features_of,
)
from workbench.catalog.datasets.header_row import WishedHeader
from workbench.catalog.datasets.likely_target import likely_target
from workbench.catalog.datasets.read_once import read_once
from workbench.catalog.datasets.splitting import WithTestShare
from workbench.catalog.datasets.table_checks import (
    check_columns,
    check_features,
    check_windows,
)
from workbench.catalog.datasets.table_facts import TableFacts, survey
from workbench.catalog.datasets.table_rows import Raw, read_rows
from workbench.catalog.datasets.table_samples import encoding_of, raw_of, samples_of
from workbench.catalog.datasets.table_source import table_source
from workbench.catalog.datasets.windows import (
    Borders,
    borders,
    window_count,
)
from workbench.core.data import SPLITS, DatasetInfo, Samples, Split, Task
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.file_source import FileSource, check_room, readable
from workbench.core.raw import Encoding, Feature, RawSamples
from workbench.core.source import Source

if TYPE_CHECKING:
    pass

SUFFIXES = (".csv", ".tsv", ".tab", ".parquet", ".pq")


class Table(WithTestShare, FileSource):
    """Rows and columns of a text file or of Parquet; types are inferred, categories encoded, and
    missing values filled by a rule."""

    title: ClassVar[str] = "Table"
    summary: ClassVar[str] = "A table of your own: a row is a sample, one column is predicted"
    opens: ClassVar[str] = "tables (CSV, TSV, Parquet)"

    facts: TableFacts = Field(title="Found", description="What was found in the table.")
    target: Name = Field(title="Target", description="The column that is to be predicted.")
    features: Annotated[tuple[Name, ...], BeforeValidator(names_of)] = Field(
        default=(),
        title="Features",
        description="The columns to predict it from; empty is all that can be learned from.",
    )
    split_column: Name = Field(
        default="",
        title="Split column",
        description="The column that says train, val or test; empty splits by the shares.",
    )
    header: WishedHeader = "auto"
    task: WishedTask = "found"
    scale_target: ScaleTarget = True
    categories: Categories = Field(
        default="one-hot",
        title="Categories",
        description="One-hot makes a feature of each value, up to 32 of them; integers, and what "
        "has more, are numbered in the order of the alphabet.",
    )
    missing: Missing = Field(
        default="mean",
        title="Missing values",
        description="What stands in: the mean of training rows (of categories the most frequent), "
        "the most frequent one, or the mean with an own column that says so; or the row is "
        "dropped. Rows without a target always are; in a time series the row before stands in.",
    )
    window: Annotated[int, Field(strict=True, ge=0, le=10_000)] = Field(
        default=0,
        title="Window",
        description="Rows that follow each other in time as one sample; 0 takes each row for "
        "itself. A time series is split in order: the last samples are the test.",
    )
    horizon: Annotated[int, Field(strict=True, ge=0, le=10_000)] = Field(
        default=1,
        title="Horizon",
        description="How many rows behind a window its target stands; 0 is its last row.",
    )
    stride: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=1, title="Stride", description="How many rows further the next window begins."
    )

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        return path.suffix.lower() in SUFFIXES and path.is_file()

    @classmethod
    def found(cls, path: Path, **options: Any) -> Generator[Progress, None, Self]:
        header = options.get("header", "auto")
        facts = yield from survey(path, header)
        wished = "" if options.get("window") else facts.split_column
        split: str = options.setdefault("split_column", wished)
        options.setdefault("target", likely_target(facts.columns, split))
        return cls.made(path, facts, options)

    @property
    def is_surveyed(self) -> bool:
        """Whether the facts were found with the header that is wished now."""
        dialect = self.facts.dialect
        return not dialect or self.header == "auto" or dialect.header == (self.header == "yes")

    def check_unchanged(self) -> None:
        if not self.is_surveyed:
            raise UserError(
                "{path} was opened {how} a header. Choose Data > Reload, or open it again.",
                path=self.path,
                how="without" if self.header == "yes" else "with",
            )
        super().check_unchanged()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        check_columns(self)
        task_of(self._target, self.task)
        check_features(self)
        check_windows(self)
        return self

    @property
    def _target(self) -> Column:
        return self.facts.columns[self.facts.place(self.target)]

    @property
    def _task(self) -> Task:
        return task_of(self._target, self.task)

    @property
    def columns(self) -> list[Column]:
        """The columns that features are made of."""
        if self.features:
            return [self.facts.columns[self.facts.place(name)] for name in self.features]
        able = [
            column
            for column in self.facts.columns
            if column.name not in self._no_features and column.is_feature
        ]
        telling = [column for column in able if not column.says_nothing]
        return telling or [column for column in able if column.counts_rows]

    @property
    def _no_features(self) -> tuple[str, ...]:
        """The target is none, unless it is to be told from its own past."""
        past = self.window and self.horizon
        return (self.facts.split_column,) if past else (self.target, self.facts.split_column)

    def _features(self) -> list[Feature]:
        return features_of(self.columns, self.categories, self.missing)

    def offers(self) -> Mapping[str, Sequence[Any]]:
        names = [column.name for column in self.facts.columns]
        return {
            "target": [column.name for column in self.facts.columns if column.holds != "empty"],
            "features": names,
            "split_column": ["", *filter(None, [self.facts.split_column])],
        }

    def matters(self, field: str) -> bool:
        if field == "header":
            return self.facts.dialect is not None
        if field in ("horizon", "stride"):
            return self.window > 0
        if field in ("split_seed", "stratify") and self.window:
            return False  # a time series is parted in order
        return super().matters(field)

    def source_info(self) -> DatasetInfo:
        features = tuple(feature.name for feature in self._features())
        task = self._task
        scales = self.scale_target and task == "regression"
        return DatasetInfo(
            title=self.name,
            origin="your file",
            shape=(self.window, len(features)) if self.window else (len(features),),
            task=task,
            sizes=self._split_sizes(),
            classes=self._target.values if task == "classification" else (),
            features=features,
            target=self.target,
            target_scale=self._target.scale if scales else (0.0, 1.0),
        )

    def counts(self) -> dict[Split, int]:
        """How many rows are for each split by themselves."""
        facts, counts = self.facts, dict.fromkeys(SPLITS, 0)
        if self.window:
            total = window_count(facts.total, self.window, self.horizon, self.stride)
            return {**counts, "train": total}
        needed = {facts.place(self.target)}
        if self.missing == "drop rows":
            needed |= {facts.place(column.name) for column in self.columns}
        for rows in facts.rows:
            if needed.isdisjoint(rows.missing):
                counts[SPLITS[rows.part if self.split_column else 0]] += rows.count
        if not facts.gaps:
            counts["train"] -= self._target.missing
        return counts

    @property
    def overlap(self) -> int:
        """How many windows behind one still begin before its target, or at it."""
        return (self.window - 1 + self.horizon) // self.stride

    @property
    def borders(self) -> Borders:
        """Where the parts of a time series begin."""
        return borders(self, self.counts()["train"], self.overlap)

    def _split_sizes(self) -> dict[Split, int]:
        sizes = self.sizes(self.counts())
        return {**sizes, "train": self.borders.train} if self.window else sizes

    def source(self) -> Source:
        return table_source(self, self._target, self._features())

    def reading(self, path: Path) -> Generator[Progress, None, Mapping[Split, Samples]]:
        return samples_of(self, (yield from self._rows(path)))

    def raw_samples(self) -> Generator[Progress, None, RawSamples | None]:
        if self.window:  # a missing value is filled by rows before its window
            return None
        path = Path(self.path)
        with readable(path):
            self.check_unchanged()
            return raw_of(self, (yield from self._rows(path)))

    def encoding(self, instead: Sequence[float]) -> Encoding | None:
        return None if self.window else encoding_of(self, instead)

    def _rows(self, path: Path) -> Generator[Progress, None, Raw]:
        facts, columns = self.facts, self.columns
        width = len(self._features()) * max(1, self.window // self.stride)
        check_room(path, 4 * facts.total * (len(columns) + 2 * width))
        wanted = (
            tuple(facts.place(column.name) for column in columns),
            (facts.place(self.target), self._task == "classification"),
            facts.place(self.split_column),
        )
        return (yield from read_once((path, facts, wanted), read_rows(path, facts, *wanted)))
