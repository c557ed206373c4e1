"""The rows of a table as numbers: values and codes of its columns, NaN where missing."""

import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog.datasets.columns import MISSING, PARTS, Column, numbers
from workbench.catalog.datasets.table_facts import TableFacts, table_chunks
from workbench.core.events import Progress
from workbench.core.file_source import changed

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parsed = Callable[[Sequence[str]], "Sequence[float] | NDArray[Any]"]


class Raw(NamedTuple):
    """`values` (n, columns) float32, `targets` (n,) float64, `parts` (n,) places in `SPLITS`."""

    values: "NDArray[Any]"
    targets: "NDArray[Any]"
    parts: "NDArray[Any]"


def read_rows(
    path: Path, facts: TableFacts, features: Sequence[int], target: tuple[int, bool], split: int
) -> Generator[Progress, None, Raw]:
    """All rows, with the columns `features` and the target, which is (its place, whether it is
    classes); `split` is the place of the column with the splits, or -1.

    Raises:
        UserError: the file has changed since the facts were found.
    """
    import numpy as np

    total, parse = facts.total, [_parser(facts, place) for place in features]
    raw = Raw(
        np.empty((total, len(features)), dtype=np.float32),
        np.empty(total, dtype=np.float64),
        np.zeros(total, dtype=np.int8),
    )
    parse_target, start = _parser(facts, *target), 0
    for chunk in table_chunks(path, facts.dialect, len(facts.columns)):
        end = start + len(chunk.columns[0])
        if end > total:
            raise changed(path)
        try:
            for number, place in enumerate(features):
                raw.values[start:end, number] = parse[number](chunk.columns[place])
            raw.targets[start:end] = parse_target(chunk.columns[target[0]])
            if split >= 0:
                raw.parts[start:end] = [PARTS[c.strip().lower()] for c in chunk.columns[split]]
        except (ValueError, KeyError) as error:
            raise changed(path) from error
        start = end
        yield Progress(text=f"Reading {path.name}", done=end, total=total)
    if start != total:
        raise changed(path)
    raw.values[~np.isfinite(raw.values)] = np.nan
    raw.targets[~np.isfinite(raw.targets)] = np.nan
    return raw


def _parser(facts: TableFacts, place: int, as_classes: bool = False) -> Parsed:
    """How the cells of a column become numbers."""
    column, decimal = facts.columns[place], facts.dialect.decimal if facts.dialect else "."
    if column.holds != "number":
        return lambda cells: _codes(cells, column)
    if not as_classes:
        return lambda cells: numbers(cells, decimal)
    places = {float(value): float(code) for value, code in column.codes.items()}
    return lambda cells: [
        places[value] if math.isfinite(value) else math.nan
        for value in numbers(cells, decimal).tolist()
    ]


def _codes(cells: Sequence[str], column: Column) -> list[float]:
    codes: dict[str, float] = {**dict.fromkeys(MISSING, math.nan), **column.codes}
    return [codes[cell.strip()] for cell in cells]
