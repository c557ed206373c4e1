"""A table as Python: what `Table.read` does, as far as this table needs it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.catalog.datasets.columns import PARTS, Column
from workbench.catalog.datasets.table_texts import (
    FILLED,
    MISSING_CONSTANT,
    TEXTS,
    WITH_COMMA,
    encoded_text,
    numbers_text,
    stand_in_text,
)
from workbench.catalog.datasets.text_table import Dialect
from workbench.catalog.datasets.windows import Borders
from workbench.core.codegen_split import used_splits
from workbench.core.data import SPLITS, Split
from workbench.core.raw import Feature
from workbench.core.source import Source, literal, prefix

if TYPE_CHECKING:
    from workbench.catalog.datasets.table import Table


def table_source(table: "Table", target: Column, features: Sequence[Feature]) -> Source:
    """The lines, and the functions and constants that they use."""
    return _TableSource(table, target, features).source()


class _TableSource:
    """What this table needs to be read."""

    def __init__(self, table: "Table", target: Column, features: Sequence[Feature]) -> None:
        self.table, self.facts, self.target, self.features = table, table.facts, target, features
        self.columns = table.columns
        self.places = [self.facts.place(column.name) for column in self.columns]
        self.of_classes = table.info().task == "classification"
        self.gaps = any(column.missing for column in self.columns)
        self.drops = table.missing == "drop rows" and self.gaps
        self.fills = self.gaps and not self.drops and not table.window
        used = [*self.columns, target]
        self.lacks = any(column.missing for column in used)
        self.infinite = any(column.infinite for column in used)
        self.words = any(column.holds != "number" for column in used)
        self.encodes = any(f.code is not None or f.lacks for f in features)

    def source(self) -> Source:
        splits = self._in_order if self.table.window else self._by_rows
        lines = (*self._reading(), *self._values(), *self._targets(), *splits())
        return Source(
            lines,
            tuple(self._imports()),
            functions=tuple(self._functions()),
            constants=tuple(self._constants()),
            given=SPLITS if self.table.window else self._given(),
            encoded=() if self.table.window else tuple(self._encoding()),
        )

    # -- what stands around the lines

    @property
    def _dialect(self) -> Dialect | None:
        return self.facts.dialect

    @property
    def _decimal_comma(self) -> bool:
        return self._dialect is not None and self._dialect.decimal == ","

    def _imports(self) -> Iterator[str]:
        yield "import numpy as np"
        yield "import csv" if self._dialect else "from pyarrow import parquet"
        if self.lacks:
            yield "import math"
        if self._decimal_comma or self.lacks:
            yield "import re"

    def _constants(self) -> Iterator[str]:
        yield f"DATA = {literal(self.table.path)}"
        first, last = self.places[0], self.places[-1]
        told = str(self.places)
        if self.places == list(range(first, last + 1)) and len(self.places) > 3:
            told = f"range({first}, {last + 1})"
        names = ", ".join(column.name for column in self.columns)
        note = f"  # {names}"
        fits = len(told) + len(note) <= 80 and names.isprintable()
        yield f"FEATURES = {told}{note if fits else ''}"
        if categories := self._categories():
            listed = (f"{place}: {literal(list(c.values))}" for place, c in categories.items())
            yield f"CATEGORIES = {{{', '.join(listed)}}}"
        if self.of_classes and (classes := self._classes()):
            yield f"CLASSES = {classes}"
        if self.lacks:
            yield MISSING_CONSTANT

    def _categories(self) -> dict[int, Column]:
        pairs = zip(self.places, self.columns, strict=True)
        return {place: column for place, column in pairs if column.holds != "number"}

    def _classes(self) -> str:
        """The values of the target, unless they count from 0."""
        if self.target.holds != "number":
            return literal(list(self.target.values))
        counting = [str(number) for number in range(len(self.target.values))]
        return "" if list(self.target.values) == counting else f"[{', '.join(self.target.values)}]"

    def _functions(self) -> Iterator[str]:
        if self._dialect is None:
            yield TEXTS
        if self._decimal_comma:
            yield WITH_COMMA
        yield numbers_text(self.words, self.lacks, self._decimal_comma)
        if self.table.window:
            if self.lacks:
                yield FILLED
        elif self.fills:
            yield stand_in_text(self.table.missing, bool(self._categories()))
        if self.encodes or self.fills:
            in_order = bool(self.table.window)
            yield encoded_text(self.features, self.encodes, self.fills, in_order)

    # -- the lines

    def _reading(self) -> Iterator[str]:
        if self._dialect is None:
            others = ", ".join(map(str, self._others()))
            yield "table = parquet.read_table(DATA)"
            yield f"columns = {{place: texts(table[place]) for place in [*FEATURES, {others}]}}"
            return
        encoding, delimiter = literal(self._dialect.encoding), self._dialect.delimiter
        sign = "" if delimiter == "," else f", delimiter={literal(delimiter)}"
        yield f'with open(DATA, encoding={encoding}, newline="") as file:'
        yield f"    rows = [row for row in csv.reader(file{sign}, strict=True) if row]"
        yield f"columns = list(zip(*rows{'[1:]' if self._dialect.header else ''}))"

    def _others(self) -> list[int]:
        split = self.table.split_column
        return [self.facts.place(self.target.name), *([self.facts.place(split)] if split else [])]

    def _values(self) -> Iterator[str]:
        categories = ", CATEGORIES.get(place)" if self._categories() else ""
        yield f"values = [numbers(columns[place]{categories}) for place in FEATURES]"
        yield "values = np.column_stack(values).astype(np.float32)"
        if self.infinite:
            yield "values[~np.isfinite(values)] = np.nan"

    def _targets(self) -> Iterator[str]:
        cells = f"columns[{self.facts.place(self.target.name)}]"
        if self.of_classes and self._classes():
            words = self.target.holds != "number"
            found = f"numbers({cells}, CLASSES)" if words else f"numbers({cells})"
        else:
            words, found = False, f"numbers({cells})"
        yield f"targets = {found}"
        if self.target.infinite:
            yield "targets[np.abs(targets) > 3e38] = np.nan"
        if self.table.window and self.target.missing:
            yield "targets = filled(targets)"
        elif self.target.missing or self.drops:
            dropped = " & ~np.isnan(values).any(axis=1)" if self.drops else ""
            yield f"known = ~np.isnan(targets){dropped}"
            yield "values, targets = values[known], targets[known]"
        if self.of_classes and self._classes() and not words:
            yield "targets = np.searchsorted(CLASSES, targets)"
        else:
            yield f"targets = targets.astype(np.{'int64' if self.of_classes else 'float32'})"

    def _given(self) -> tuple[Split, ...]:
        if not self.table.split_column:
            return ("train",)
        counts = self.table.counts()
        return tuple(split for split in SPLITS if counts[split] or split == "train")

    def _by_rows(self) -> Iterator[str]:
        if not self.table.split_column:
            yield "inputs = values"
            return
        place = self.facts.place(self.table.split_column)
        column = self.facts.columns[place]
        parts = {value.lower(): SPLITS[PARTS[value.lower()]] for value in column.values}
        told = ", ".join(f"{literal(word)}: {literal(split)}" for word, split in parts.items())
        yield f"parts = {{{told}}}"
        yield f"parts = np.array([parts[cell.strip().lower()] for cell in columns[{place}]])"
        if self.target.missing or self.drops:
            yield "parts = parts[known]"
        for split in reversed(self._given()):
            start = prefix(split, self._given())
            yield f'rows = parts == "{split}"'
            yield f"{start}inputs, {start}targets = values[rows], targets[rows]"

    def _encoding(self) -> Iterator[str]:
        if not self.fills and not self.encodes:
            return
        if self.fills and self._categories() and self.table.missing != "most frequent":
            yield "pairs = zip(FEATURES, train_inputs.T)"
            yield "stand_ins = [stand_in(column, place in CATEGORIES) for place, column in pairs]"
        elif self.fills:
            yield "stand_ins = [stand_in(column) for column in train_inputs.T]"
        if self.fills:
            yield "stand_ins = np.array(stand_ins, dtype=np.float32)"
        for split in used_splits(self.table):
            yield f"{split}_inputs = encoded({split}_inputs{', stand_ins' if self.fills else ''})"

    # -- a time series

    def _in_order(self) -> Iterator[str]:
        table, window = self.table, self.table.window
        if self.gaps:
            if any(feature.lacks for feature in self.features):
                yield "lacking = np.isnan(values)"
            yield "values = filled(values)"
        if self.encodes:
            lacking = ", lacking" if any(f.lacks for f in self.features) else ""
            yield f"values = encoded(values{lacking})"
        stride = f", {table.stride}" if table.stride > 1 else ""
        yield f"starts = np.arange(0, len(values) - {window + table.horizon - 1}{stride})"
        yield f"inputs = np.stack([values[start : start + {window}] for start in starts])"
        yield f"targets = targets[starts + {window - 1 + table.horizon}]"
        yield from _parted_in_order(table.folds > 1, table.borders)


def _parted_in_order(folds: bool, borders: Borders) -> Iterator[str]:
    """Lines that part `inputs` and `targets` as `windows.in_order` does."""
    start, end, again, rest = borders
    if folds:
        yield f"train = np.r_[0:{start}, {again}:{rest}]"
        yield "train_inputs, train_targets = inputs[train], targets[train]"
    else:
        yield f"train_inputs, train_targets = inputs[:{start}], targets[:{start}]"
    if end > start:
        yield f"val_inputs, val_targets = inputs[{start}:{end}], targets[{start}:{end}]"
    yield f"test_inputs, test_targets = inputs[{rest}:], targets[{rest}:]"
