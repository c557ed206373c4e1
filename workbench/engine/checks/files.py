"""What was wrong in the files already when they were chosen: it is kept in the source's facts."""

from collections.abc import Iterator
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
            message="{count} files can't be read as images"
            + (" and are left out." if skipped else "."),
            advice="Mend or delete them and choose Data > Reload, or train without them.",
            values={"count": count},
            where=tuple(f"{name}: {reason}" for name, reason in files[:MOST_NAMED]),
            count=count,
            fix=None if skipped else data.replace(skip_unreadable=True),
            fix_label="" if skipped else "Skip unreadable files",
        )


def left_out(data: DatasetSpec) -> Iterator[Finding]:
    """The columns of a table that hold too little; those that hold nothing are not learned from."""
    if not isinstance(data, Table):
        return
    columns, rows = data.facts.columns, data.facts.total
    used = {column.name for column in data.columns} | {data.target}
    yield from _columns(
        "all_missing",
        "warning",
        "{count} columns hold no value at all: {columns}.",
        "They are left out. Look whether the file was written as it should be.",
        [column for column in columns if column.holds == "empty"],
    )
    yield from _columns(
        "constant",
        "note",
        "{count} columns have the same value in every row, or only count the rows: {columns}.",
        "They are left out of the features: they say nothing.",
        [c for c in columns if c.holds != "empty" and c.says_nothing and c.name not in used],
    )
    yield from _columns(
        "mostly_missing",
        "warning",
        "{count} columns have no value in more than half of the rows: {columns}.",
        "Leave them out, or have missing values marked in a column of their own.",
        [c for c in columns if c.holds != "empty" and c.missing > MOSTLY * rows],
    )
    yield from _columns(
        "not_finite",
        "warning",
        "{count} columns hold infinite numbers, which count as missing: {columns}.",
        "Look where they come from, as from a division by zero.",
        [column for column in columns if column.infinite],
    )


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
