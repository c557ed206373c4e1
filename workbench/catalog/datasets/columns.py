"""The columns of a table: what kind each is, found while the rows pass by."""

import math
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from workbench.catalog.datasets.splitting import SPLIT_WORDS
from workbench.core.data import SPLITS, Task
from workbench.core.file_source import Count
from workbench.core.spec import Number, Spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING = frozenset(
    ("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "NaT")
) | {"null", "NULL", "None", "nil"}
"""What stands for no value, around which spaces do not count; the words of pandas, R and UCI."""
MOST_VALUES = 1000
"""A column with more different texts is no category, and one with more numbers has no classes."""
LONGEST = 1000
"""Characters of a value that can be a class."""
LARGEST = 3e38
"""A little less than the largest float32."""
THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
PARTS = {word: SPLITS.index(split) for word, split in SPLIT_WORDS.items()}
"""What a column calls the splits, by the place of each in `SPLITS`."""
MOST_CLASSES_BY_NUMBER = 20
"""A target of whole numbers with more different ones is a quantity."""

WishedTask = Annotated[
    Literal["found", "classification", "regression"],
    Field(
        title="Task",
        description="What the target is: a class or a number; found tells by its values.",
    ),
]
ScaleTarget = Annotated[
    bool,
    Field(
        strict=True,
        title="Scale target",
        description="Learn a number as its distance from the mean in standard deviations; "
        "predictions and errors are told in its own unit, the loss is not.",
    ),
]
Name = Annotated[str, Field(strict=True, max_length=250)]
Kind = Literal["number", "category", "text", "empty"]


class Column(Spec):
    """What was found in a column."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=250)]
    holds: Kind
    missing: Count = 0
    infinite: Count = 0
    """How many of the missing values are written as infinite numbers."""
    distinct: Count = 0
    """Different values, counted to a little over `MOST_VALUES`."""
    values: tuple[Annotated[str, Field(strict=True, max_length=LONGEST)], ...] = ()
    """The values in order, where they are few enough to be classes or categories, and words or
    whole numbers."""

    mean: Number = 0.0
    std: Annotated[Number, Field(ge=0.0)] = 0.0
    """Of numbers, over all rows that have one."""
    counts_rows: bool = False
    """Whether it is the number of the row, which tells nothing of it."""

    @property
    def says_nothing(self) -> bool:
        """Whether all rows have the same value, or it only counts them."""
        return self.counts_rows or (self.distinct <= 1 and not (self.distinct and self.missing))

    @property
    def scale(self) -> tuple[float, float]:
        """What brings its numbers to mean 0 and standard deviation 1."""
        return self.mean, self.std or 1.0

    @property
    def codes(self) -> dict[str, int]:
        """The place of each value, by its text."""
        return {value: place for place, value in enumerate(self.values)}

    @property
    def is_feature(self) -> bool:
        """Whether it can be learned from: a name or a sentence can't."""
        return self.holds == "number" or (self.holds == "category" and bool(self.values))


def names_of(value: Any) -> Any:
    """`a, b` as people type it."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def listed(names: Collection[str]) -> str:
    """The first names of columns, as they stand in a sentence."""
    first, more = list(names)[:12], len(names) - 12
    told = ", ".join(first)
    return f"{told} and {more} more" if more > 0 else told


def task_of(target: Column, wished: WishedTask) -> Task:
    """What is predicted: classes where it holds words or few whole numbers, else numbers.

    Raises:
        ValueError: the target does not suit the task.
    """
    few = 0 < len(target.values) <= MOST_CLASSES_BY_NUMBER
    found: Task = "classification" if target.holds != "number" or few else "regression"
    task: Task = found if wished == "found" else wished
    if target.holds == "empty":
        raise ValueError(f"the target {target.name!r} has no values")
    if task == "regression" and target.holds != "number":
        raise ValueError(f"the target {target.name!r} holds words: no regression")
    if task == "classification" and (target.holds == "text" or not target.values):
        raise ValueError(
            f"the target {target.name!r} has too many different values to be classes; choose "
            "another target"
        )
    return task


def number_text(value: float) -> str:
    """A number as a class is called: `3` also where the file writes 3.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def numbers(cells: Sequence[str], decimal: str) -> "NDArray[Any]":
    """Cells as float64; what stands for no value, and what is infinite, as NaN or infinite.

    Raises:
        ValueError: a cell is neither.
    """
    import numpy as np

    if decimal == ",":
        cells = [with_point(cell) for cell in cells]
    if "_" in "".join(cells):  # 1_000 is a number to Python only
        raise ValueError
    try:
        found = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        told = (math.nan if cell.strip() in MISSING else float(cell) for cell in cells)
        found = np.fromiter(told, np.float64, len(cells))
    found[abs(found) > LARGEST] = math.inf  # as it would be in float32
    return found


def with_point(cell: str) -> str:
    """`1.234,5` and `0,5` as Python writes them."""
    if THOUSANDS.fullmatch(cell.strip()):
        cell = cell.replace(".", "")
    return cell.replace(",", ".")


class Moments:
    """Mean and standard deviation of values that come in parts: Chan, Golub and LeVeque,
    Algorithms for Computing the Sample Variance, 1983."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, values: "NDArray[Any]") -> None:
        """Take finite values in."""
        if not len(values):
            return
        mean, total = float(values.mean()), self.count + len(values)
        off = mean - self.mean
        self._squares += float(((values - mean) ** 2).sum())
        self._squares += off * off * self.count * len(values) / total
        self.mean += off * len(values) / total
        self.count = total

    @property
    def std(self) -> float:
        """The (population) standard deviation."""
        return math.sqrt(self._squares / self.count) if self.count else 0.0


class Survey:
    """What is known of one column so far, in bounded memory."""

    def __init__(self, name: str, decimal: str) -> None:
        self.name, self._decimal = name, decimal
        self._texts: set[str] = set()
        self._is_number = self._counts = True
        self._last = math.nan
        self._moments = Moments()
        self.missing = self.infinite = self.rows = 0

    def add(self, cells: Sequence[str]) -> "NDArray[Any]":
        """Take some more rows in; gives which of them lack a value."""
        self.rows += len(cells)
        lacking = self._lacking(cells)
        self.missing += int(lacking.sum())
        if not self._overflows:
            self._texts.update(map(str.strip, cells))
        return lacking

    def _lacking(self, cells: Sequence[str]) -> "NDArray[Any]":
        import numpy as np

        if self._is_number:
            try:
                found = numbers(cells, self._decimal)
            except ValueError:
                self._is_number = False
            else:
                self.infinite += int(np.isinf(found).sum())
                self._see_order(found)
                lacking: NDArray[Any] = ~np.isfinite(found)
                self._moments.add(found[~lacking])
                return lacking
        return np.fromiter((cell.strip() in MISSING for cell in cells), bool, len(cells))

    def _see_order(self, found: "NDArray[Any]") -> None:
        import numpy as np

        before = found[0] - 1 if math.isnan(self._last) else self._last
        with np.errstate(invalid="ignore"):  # infinite values
            self._counts = self._counts and bool((np.diff(found, prepend=before) == 1).all())
        self._last = float(found[-1])

    @property
    def _overflows(self) -> bool:
        return len(self._texts) > MOST_VALUES + len(MISSING)

    def column(self, most: int) -> Column:
        """What was found, with at most `most` values kept."""
        if self.missing == self.rows:
            return Column(name=self.name, holds="empty", missing=self.missing)
        values = self._values()
        whole = not self._is_number or all(value.lstrip("-").isdigit() for value in values)
        few = not self._overflows and len(values) <= most
        kept = whole and few and max(map(len, values)) <= LONGEST
        return Column(
            name=self.name,
            holds=self._kind(len(values)),
            missing=self.missing,
            infinite=self.infinite if self._is_number else 0,
            distinct=len(values),
            mean=self._moments.mean if self._is_number else 0.0,
            std=self._moments.std if self._is_number else 0.0,
            counts_rows=self._is_number and self._counts and len(values) > 2,
            values=values if kept else (),
        )

    def _values(self) -> tuple[str, ...]:
        texts = self._texts - MISSING
        if not self._is_number:
            return tuple(sorted(texts))
        found = set(filter(math.isfinite, numbers(list(texts), self._decimal).tolist()))
        return tuple(map(number_text, sorted(found)))

    def _kind(self, distinct: int) -> Kind:
        """Texts are categories where they repeat themselves; else they are names or sentences."""
        if self._is_number:
            return "number"
        repeats = distinct <= 20 or 2 * distinct <= self.rows - self.missing
        return "category" if repeats and not self._overflows else "text"


def is_part(column: Column) -> bool:
    """Whether a column says which split a row is for."""
    known = [PARTS.get(value.lower()) for value in column.values]
    return column.holds == "category" and 0 in known and None not in known and not column.missing
