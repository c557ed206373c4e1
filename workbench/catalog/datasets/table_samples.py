"""Rows of a table as samples of each split: encoded for a network, or as they are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.catalog.datasets.encoding import encoded, features_of, stand_ins
from workbench.catalog.datasets.splitting import by_part
from workbench.catalog.datasets.table_rows import Raw
from workbench.catalog.datasets.windows import (
    encoded_in_order,
    filled_in_order,
    in_order,
    windowed,
)
from workbench.core.data import Samples, Split
from workbench.core.raw import Encoding, Feature, RawColumn, RawSamples

if TYPE_CHECKING:
    from workbench.catalog.datasets.table import Table


def samples_of(table: "Table", rows: Raw) -> dict[Split, Samples]:
    """What the network gets, before it is normalized."""
    if table.window:
        return _windows(table, rows)
    splits, features = _parted(table, rows), _features(table)
    instead = stand_ins(splits["train"].inputs, table.columns, table.missing)
    return {
        split: Samples(encoded(samples.inputs, features, instead), samples.targets)
        for split, samples in splits.items()
    }


def raw_of(table: "Table", rows: Raw) -> RawSamples:
    """The same before it is encoded, of a table that is no time series."""
    splits = _parted(table, rows)
    instead = stand_ins(splits["train"].inputs, table.columns, table.missing)
    return RawSamples(encoding_of(table, instead.tolist()), splits)


def encoding_of(table: "Table", instead: Sequence[float]) -> Encoding:
    """How rows are encoded, with what takes the place of a missing value in each column."""
    columns = (
        RawColumn(column.name, () if column.holds == "number" else column.values)
        for column in table.columns
    )
    return Encoding(tuple(columns), tuple(_features(table)), tuple(instead))


def _features(table: "Table") -> list[Feature]:
    return features_of(table.columns, table.categories, table.missing)


def _kind(table: "Table") -> str:
    return "int64" if table.source_info().task == "classification" else "float32"


def _windows(table: "Table", rows: Raw) -> dict[Split, Samples]:
    targets = filled_in_order(rows.targets).astype(_kind(table))
    values = encoded_in_order(rows.values, _features(table))
    samples = windowed(values, targets, table.window, table.horizon, table.stride)
    return in_order(table, samples, table.overlap)


def _parted(table: "Table", rows: Raw) -> dict[Split, Samples]:
    """Rows by split, NaN where a value is missing."""
    import numpy as np

    keep = ~np.isnan(rows.targets)
    if table.missing == "drop rows":
        keep &= ~np.isnan(rows.values).any(axis=1)
    targets = rows.targets[keep].astype(_kind(table))
    return table.split(by_part(Samples(rows.values[keep], targets), rows.parts[keep]))
