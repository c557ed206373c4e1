"""Whether the first row of a text table names its columns."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from workbench.catalog.datasets.columns import MISSING, with_point

WishedHeader = Annotated[
    Literal["auto", "yes", "no"],
    Field(
        title="Header",
        description="Whether the first row names the columns; auto tells by how it differs from "
        "the rows beneath. A change reads the file again.",
    ),
]
WHOLE = re.compile(r"\d{1,9}")
YEARS = range(1900, 2101)


class _Column(NamedTuple):
    """A cell of the first row and those beneath it, without what stands for no value."""

    name: str
    beneath: Sequence[str]

    @property
    def is_numeric(self) -> bool:
        """Whether all that is beneath are numbers."""
        return bool(self.beneath) and all(map(is_number, self.beneath))

    @property
    def differs(self) -> bool:
        """Whether the first cell is a word over numbers alone, or a number over words alone."""
        if not self.name or not self.beneath or self.name in MISSING or _is_infinite(self.name):
            return False
        beneath = [is_number(cell) for cell in self.beneath]
        return not any(beneath) if is_number(self.name) else all(beneath)


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of some rows names the columns.

    It does where a cell differs in kind from all cells beneath it, or where it holds words alone.
    Numbers over numbers are names where they count evenly, as years do, and are no values of
    their columns: whole over fractions, or beyond all that is beneath.
    """
    if not rows:
        return True
    columns = list(_columns(rows))
    if any(column.differs for column in columns):
        return True
    numbers = [column for column in columns if is_number(column.name)]
    return _are_names(numbers) if numbers else not _recur(columns, len(rows))


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[_Column]:
    for place, name in enumerate(rows[0]):
        cells = (row[place].strip() for row in rows[1:] if place < len(row))
        yield _Column(name.strip(), [cell for cell in cells if cell not in MISSING])


def _are_names(columns: Sequence[_Column]) -> bool:
    names = [column.name for column in columns]
    if not all(map(WHOLE.fullmatch, names)):
        return False
    counted = [int(name) for name in names]
    steps = {after - before for before, after in pairwise(counted)}
    evenly = len(steps) == 1 and min(steps) > 0
    is_year = len(counted) == 1 and counted[0] in YEARS
    if not evenly and not is_year:
        return False
    if evenly and all(number in YEARS for number in counted):
        return not _hold_years(columns)
    return all(_is_no_value(column, may_be_far=evenly) for column in columns)


def _hold_years(columns: Sequence[_Column]) -> bool:
    """Whether half of the cells beneath are years, or there are none."""
    cells = [cell for column in columns for cell in column.beneath]
    years = sum(bool(WHOLE.fullmatch(cell)) and int(cell) in YEARS for cell in cells)
    return 2 * years >= len(cells)


def _is_no_value(column: _Column, may_be_far: bool) -> bool:
    """Whether a column could hardly hold the whole number that stands over it."""
    if not column.is_numeric:
        return False
    if any(not WHOLE.fullmatch(cell.lstrip("+-")) for cell in column.beneath):
        return True
    values = [float(cell) for cell in column.beneath]
    return may_be_far and not min(values) <= float(column.name) <= max(values)


def _recur(columns: Sequence[_Column], rows: int) -> bool:
    """Whether all cells of a first row of words occur beneath again, as values do."""
    told = [column for column in columns if column.name not in MISSING]
    return rows > 2 and bool(told) and all(column.name in column.beneath for column in told)


def _number(text: str) -> float:
    try:
        return float(with_point(text))
    except ValueError:
        return math.nan


def is_number(text: str) -> bool:
    """Whether it is a finite number, with a point or a comma."""
    return math.isfinite(_number(text))


def _is_infinite(text: str) -> bool:
    return math.isinf(_number(text))
