"""What is found in a table when it is opened: its columns, and which rows lack what."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from pathlib import Path

from pydantic import Field

from workbench.catalog.datasets.columns import MOST_VALUES, PARTS, Column, Survey, is_part
from workbench.catalog.datasets.header_row import WishedHeader
from workbench.catalog.datasets.parquet import is_parquet, parquet_chunks, parquet_names
from workbench.catalog.datasets.text_table import Chunk, Dialect, chunks, dialect_of, header_of
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.file_source import Count, Facts, digest_of
from workbench.core.spec import Spec

MOST_GAPS = 2000
"""Different combinations of missing columns that are kept; tables of people's have a few dozen."""
MOST_KEPT = 200_000
"""Values kept of all columns together, so that a project file stays small."""

Gap = tuple[int, tuple[int, ...]]
"""The place of a split in `SPLITS`, and the columns that lack a value."""


class Rows(Spec):
    """How many rows are for one split and lack values in the same columns."""

    part: int = Field(default=0, strict=True, ge=0, le=2)
    missing: tuple[Count, ...] = ()
    count: Count


class TableFacts(Facts):
    """How a table is written, its columns, and its rows by what they lack.

    `gaps` is false where there were too many combinations: then `rows` tells of none.
    """

    dialect: Dialect | None = None
    """None for Parquet."""
    columns: tuple[Column, ...]
    rows: tuple[Rows, ...]
    gaps: bool = True
    split_column: str = ""
    """The column that says train, val or test, if there is one."""

    @cached_property
    def places(self) -> dict[str, int]:
        """Which column has a name; found once, since a table may have thousands of columns."""
        return {column.name: place for place, column in enumerate(self.columns)}

    def place(self, name: str) -> int:
        """Which column has that name; -1 if none."""
        return self.places.get(name, -1)

    @property
    def total(self) -> int:
        """All rows."""
        return sum(rows.count for rows in self.rows)


def survey(path: Path, header: WishedHeader = "auto") -> Generator[Progress, None, TableFacts]:
    """Read a table once, in bounded memory; `header` is whether its first row names the columns.

    Raises:
        UserError: it is empty, or a row can't be read.
    """
    dialect = None if is_parquet(path) else dialect_of(path, header)
    names = header_of(path, dialect) if dialect else parquet_names(path)
    seen = _Seen(names, dialect.decimal if dialect else ".")
    size = path.stat().st_size
    for chunk in table_chunks(path, dialect, len(names)):
        seen.add(chunk)
        yield Progress(text=f"Reading {path.name}", done=chunk.done, total=size)
    if not seen.gaps:
        raise UserError("{path} has a header, but no rows to train on.", path=path)
    return seen.facts(dialect, digest_of([path]))


def table_chunks(path: Path, dialect: Dialect | None, width: int) -> Iterator[Chunk]:
    """All rows of a text table, or of a Parquet table, which has no dialect.

    Raises:
        UserError: a row can't be read.
    """
    return chunks(path, dialect, width) if dialect else parquet_chunks(path)


class _Seen:
    """What was seen of a table so far."""

    def __init__(self, names: Sequence[str], decimal: str) -> None:
        self._surveys = [Survey(name, decimal) for name in names]
        self._split: int | None = None
        self.gaps: Counter[Gap] = Counter()
        self._told = True

    def add(self, chunk: Chunk) -> None:
        first = not self.gaps
        lacking = [
            survey.add(cells) for survey, cells in zip(self._surveys, chunk.columns, strict=True)
        ]
        if first:
            self._split = next(_candidates(chunk), None)
        parts = self._parts(chunk)
        holes = [place for place, lacks in enumerate(lacking) if lacks.any()]
        holes = holes if self._told else []
        for (part, *lacks), count in Counter(
            zip(parts, *(lacking[place].tolist() for place in holes), strict=True)
        ).items():
            self.gaps[part, tuple(compress(holes, lacks))] += count
        if len(self.gaps) > MOST_GAPS:
            self._told = False
            self.gaps = _merged(self.gaps, part_only=True)

    def _parts(self, chunk: Chunk) -> Sequence[int]:
        if self._split is not None:
            found = [PARTS.get(cell.strip().lower(), -1) for cell in chunk.columns[self._split]]
            if -1 not in found:
                return found
            self._split = None
            self.gaps = _merged(self.gaps, part_only=False)
        return [0] * len(chunk.columns[0])

    def facts(self, dialect: Dialect | None, digest: str) -> TableFacts:
        most = max(2, min(MOST_VALUES, MOST_KEPT // len(self._surveys)))
        columns = tuple(survey.column(most) for survey in self._surveys)
        split = self._split
        if split is not None and not is_part(columns[split]):
            split, self.gaps = None, _merged(self.gaps, part_only=False)
        return TableFacts(
            digest=digest,
            dialect=dialect,
            columns=columns,
            rows=tuple(
                Rows(part=part, missing=missing, count=count)
                for (part, missing), count in sorted(self.gaps.items())
            ),
            gaps=self._told,
            split_column="" if split is None else columns[split].name,
        )


def _candidates(chunk: Chunk) -> Iterator[int]:
    """Columns in which every row so far says train, val or test."""
    for place, cells in enumerate(chunk.columns):
        if {cell.strip().lower() for cell in set(cells)} <= PARTS.keys():
            yield place


def _merged(gaps: Mapping[Gap, int], part_only: bool) -> Counter[Gap]:
    """The counts by split alone, or by what lacks alone."""
    merged: Counter[Gap] = Counter()
    for (part, missing), count in gaps.items():
        merged[(part, ()) if part_only else (0, missing)] += count
    return merged
