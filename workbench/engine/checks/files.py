"""What was wrong in the files already when they were chosen: it is kept in the source's facts."""

from collections.abc import Collection, Iterator
from typing import Any

from workbench.catalog.datasets.table import Table
from workbench.core.data import DatasetSpec
from workbench.core.data_check import MOST_NAMED, Finding, Severity

MOSTLY = 0.5
"""Share of rows without a value from which a column says little."""


def unreadable(data: DatasetSpec) -> Iterator[Finding]:
    """The files that could not be read when the data were chosen."""
    facts = getattr(data, "facts", None)
    count = getattr(facts, "unreadable_count", 0)
    if count:
        files = getattr(facts, "unreadable", ())
        skipped = getattr(data, "skip_unreadable", False)
        yield Finding(
            severity="note" if skipped else "error",
            kind="unreadable",
            message="Files that can't be read as images, and are left out: {count}."
            if skipped
            else "Files that can't be read as images: {count}.",
            advice="Mend or delete them and choose Data > Reload, or train without them.",
            values={"count": count},
            where=tuple(f"{name}: {reason}" for name, reason in files[:MOST_NAMED]),
            count=count,
            fix=None if skipped else data.replace(skip_unreadable=True),
            fix_label="" if skipped else "Skip unreadable files",
        )


def left_out(data: DatasetSpec) -> Iterator[Finding]:
    """The columns of a table that hold too little, and what of it is not learned from."""
    if not isinstance(data, Table):
        return
    columns, rows = data.facts.columns, data.facts.total
    used = {column.name for column in data.columns} | {data.target}
    yield from _columns(
        "all_missing",
        "warning",
        "No value at all in {columns}.",
        "Left out. Look whether the file was written as it should be.",
        [column for column in columns if column.holds == "empty"],
    )
    yield from _columns(
        "constant",
        "note",
        "The same value in every row, or a mere row number: {columns}.",
        "Left out of the features: it says nothing.",
        [c for c in columns if c.holds != "empty" and c.says_nothing and c.name not in used],
    )
    yield from _columns(
        "mostly_missing",
        "warning",
        "No value in more than half of the rows: {columns}.",
        "Leave it out, or have missing values marked in a column of their own.",
        [c for c in columns if c.holds != "empty" and c.missing > MOSTLY * rows],
    )
    yield from _columns(
        "not_finite",
        "warning",
        "Infinite numbers, which count as missing, in {columns}.",
        "Look where they come from: often a division by zero.",
        [column for column in columns if column.infinite],
    )
    apart = {data.target, data.facts.split_column}
    yield from _columns(
        "words",
        "note",
        "Columns of words too different to be categories: {columns}.",
        "Left out of the features. Make numbers or a few categories of what matters in them.",
        [c for c in columns if c.holds != "empty" and not c.is_feature and c.name not in apart],
    )
    yield from _no_target(data)


def _no_target(data: Table) -> Iterator[Finding]:
    """The rows that can't be learned from; in a time series the target before stands in."""
    lacking = data.facts.columns[data.facts.place(data.target)].missing
    if lacking and not data.window:
        yield Finding(
            severity="note",
            kind="no_target",
            message="Rows without a value of {target}, which are not used: {count} of {rows}.",
            advice="Fill in the target where it is known.",
            values={"target": data.target, "count": lacking, "rows": data.facts.total},
            count=lacking,
        )


def without(data: DatasetSpec, names: Collection[str]) -> DatasetSpec | None:
    """A table that is not learned from these columns; None where that can't be said of it."""
    if not isinstance(data, Table):
        return None
    kept = tuple(column.name for column in data.columns if column.name not in names)
    known = len(kept) + len(names) == len(data.columns)
    return data.replace(features=kept) if kept and known else None


def _columns(
    kind: str, severity: Severity, message: str, advice: str, columns: list[Any]
) -> Iterator[Finding]:
    names = [column.name for column in columns]
    if names:
        yield Finding(
            severity=severity,
            kind=kind,
            message=message,
            advice=advice,
            values={"count": len(names), "columns": ", ".join(names[:3])},
            where=tuple(names[:MOST_NAMED]),
            count=len(names),
        )
