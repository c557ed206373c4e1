"""Values: not finite, constant, on far different scales, or giving the target away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.catalog.datasets.table import Table
from workbench.core.data import SPLITS, DatasetSpec
from workbench.core.data_check import MOST_NAMED, Finding
from workbench.engine.checks import Place, Subject, column_name, flat, sample_names
from workbench.engine.checks.files import MOSTLY, without
from workbench.engine.preparation import in_pieces

GIVES_AWAY = 0.998
"""Share of the target's variance that one column explains; more is no finding, it is the target."""
SCALES_APART = 100.0
OFF_SCALE = 20.0
Column = NDArray[np.float64]


def values(subject: Subject) -> Iterator[Finding]:
    """What is wrong with the numbers of tables and series, and with the pixels of images."""
    yield from _not_finite(subject)
    if subject.info.is_image:
        yield from _blank(subject)
        return
    if len(subject.info.shape) != 1:
        return
    columns = subject.splits["train"].inputs
    with np.errstate(invalid="ignore"):
        low, high = columns.min(0), columns.max(0)  # NaN where one of the values is
    usable = np.isfinite(low) & np.isfinite(high)
    yield from _missing(subject, columns)
    yield from _filled(subject.data)
    varied: NDArray[np.bool_] = usable & (low < high)
    yield from _constant(subject, usable & ~varied)
    yield from _scale(subject, varied)
    yield from _giving_away(subject, varied)
    yield from _row_numbers(subject, varied)


def _not_finite(subject: Subject) -> Iterator[Finding]:
    places: list[Place] = []
    for split in SPLITS:
        samples = subject.splits[split]
        bad = np.zeros(len(samples.targets), dtype=bool)
        for part in samples:
            for start, piece in in_pieces(part) if part.dtype.kind == "f" else ():
                bad[start : start + len(piece)] |= ~np.isfinite(flat(piece)).all(1)
        places += [(split, row) for row in np.flatnonzero(bad).tolist()]
    if places:
        yield Finding(
            severity="error",
            kind="not_finite",
            message="Samples with values that are not finite (NaN or infinity): {count}.",
            advice="Fill or remove them: one of them makes every weight NaN.",
            values={"count": len(places)},
            where=sample_names(subject, places),
            count=len(places),
        )


def _blank(subject: Subject) -> Iterator[Finding]:
    places: list[Place] = []
    for split in SPLITS:
        for start, piece in in_pieces(subject.splits[split].inputs):
            pixels = flat(piece)
            blank = np.flatnonzero(pixels.min(1) == pixels.max(1))
            places += [(split, start + row) for row in blank.tolist()]
    if places:
        yield Finding(
            severity="warning",
            kind="blank",
            message="Images of one colour throughout: {count}.",
            advice="Look at their files: they may be damaged or empty.",
            values={"count": len(places)},
            where=sample_names(subject, places),
            count=len(places),
        )


def _of_columns(
    subject: Subject, chosen: NDArray[np.bool_], make: Callable[..., Finding]
) -> Iterator[Finding]:
    names = [column_name(subject.info, column) for column in np.flatnonzero(chosen).tolist()]
    if names:
        given = {"count": len(names), "columns": ", ".join(names[:3])}
        found = make(values=given, where=tuple(names[:MOST_NAMED]), count=len(names))
        fix = without(subject.data, names)
        yield replace(found, fix=fix, fix_label="Leave out {columns}") if fix else found


def _missing(subject: Subject, columns: NDArray[Any]) -> Iterator[Finding]:
    def found(**told: Any) -> Finding:
        return Finding(
            severity="error",
            kind="all_missing",
            message="No value at all in {columns}.",
            advice="Leave it out of the features.",
            **told,
        )

    missing = np.array([np.isnan(column).all() for column in columns.T], dtype=bool)
    yield from _of_columns(subject, missing, found)


def _filled(data: DatasetSpec) -> Iterator[Finding]:
    """The columns of a table that lack some values, which a rule of its deals with."""
    if not isinstance(data, Table):
        return
    used = {column.name for column in data.columns}
    total = max(data.facts.total, 1)
    lacking = [
        each
        for each in data.facts.columns
        if each.name in used and 0 < each.missing <= MOSTLY * total  # more is told as a fault
    ]
    if lacking:
        names = [f"{each.name}: {each.missing:,} ({each.missing / total:.1%})" for each in lacking]
        yield Finding(
            severity="note",
            kind="filled",
            message="Values are missing in {count} columns: {columns}.",
            advice="The rule is “{rule}”; another one can be chosen in the tab Split.",
            values={
                "count": len(names),
                "columns": ", ".join(names[:3]),
                "rule": data.missing,
            },
            where=tuple(names[:MOST_NAMED]),
            count=len(names),
        )


def _constant(subject: Subject, constant: NDArray[np.bool_]) -> Iterator[Finding]:
    def found(**told: Any) -> Finding:
        return Finding(
            severity="note",
            kind="constant",
            message="The same value in every training sample: {columns}.",
            advice="Leave it out of the features: it says nothing.",
            **told,
        )

    yield from _of_columns(subject, constant, found)


def _each(subject: Subject, chosen: NDArray[np.bool_]) -> Iterator[tuple[int, Column]]:
    """The chosen columns of the training split with their places: one at a time in double
    precision, of which a table would take twice its memory."""
    for place in np.flatnonzero(chosen).tolist():
        yield place, subject.splits["train"].inputs[:, place].astype(np.float64)


def _scale(subject: Subject, varied: NDArray[np.bool_]) -> Iterator[Finding]:
    if subject.data.normalize or not varied.any():
        return
    told = [(column.std(), np.abs(column).mean()) for _, column in _each(subject, varied)]
    spread, size = np.transpose(told)
    apart, largest = float(spread.max() / spread.min()), float(size.max())
    if apart >= SCALES_APART or largest >= OFF_SCALE:
        yield Finding(
            severity="warning",
            kind="scale",
            message="Columns are on scales up to {apart:,.0f} times apart, and are not normalized.",
            advice="Normalize: large columns drown the others, and steps must be tiny.",
            values={"apart": apart},
            fix=subject.data.replace(normalize=True),
            fix_label="Normalize",
        )


def _giving_away(subject: Subject, varied: NDArray[np.bool_]) -> Iterator[Finding]:
    targets = subject.splits["train"].targets
    usable = np.isfinite(targets)
    explained = np.zeros(len(varied))
    for place, column in _each(subject, varied):
        explained[place] = _explained(subject, column[usable], targets[usable])

    def found(**told: Any) -> Finding:
        told["values"] |= {"target": subject.info.target}
        return Finding(
            severity="error",
            kind="target_leak",
            message="{columns} gives {target} away: by it alone the target is known.",
            advice="Leave the column out, unless it is known before the target is.",
            **told,
        )

    yield from _of_columns(subject, explained >= GIVES_AWAY, found)


def _explained(subject: Subject, column: Column, targets: NDArray[Any]) -> float:
    """How much of one of the two the other explains: the squared correlation, of values or ranks;
    for classes the share of the column's variance that lies between them (eta squared)."""
    if len(targets) < 3 or not np.ptp(column):
        return 0.0
    if subject.info.task == "classification":
        return _between(column, targets.astype(np.int64))
    if not np.ptp(targets):
        return 0.0
    ranks = np.corrcoef(_ranks(column), _ranks(targets))[0, 1]
    straight = np.corrcoef(column, targets)[0, 1]
    return float(max(ranks**2, straight**2))


def _between(column: Column, targets: NDArray[np.int64]) -> float:
    labels, places = np.unique(targets, return_inverse=True)
    counts = np.bincount(places)
    if len(labels) < 2 or counts.max() < 3:
        return 0.0
    means = np.bincount(places, column) / counts
    between = (counts * (means - column.mean()) ** 2).sum()
    return float(between / ((column - column.mean()) ** 2).sum())


def _ranks(column: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 0, equal values sharing their mean rank."""
    _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: NDArray[np.float64] = (ends - (counts + 1) / 2)[places]
    return shared


def _row_numbers(subject: Subject, varied: NDArray[np.bool_]) -> Iterator[Finding]:
    counting = np.zeros(len(varied), dtype=bool)
    for column in np.flatnonzero(varied):
        parts = [subject.splits[split].inputs[:, column] for split in SPLITS]
        ordered = np.sort(np.concatenate(parts))
        counting[column] = len(ordered) > 20 and bool((np.diff(ordered) == 1).all())

    def found(**told: Any) -> Finding:
        return Finding(
            severity="warning",
            kind="row_number",
            message="{columns}: a different whole number for each row, as a row number is.",
            advice="Leave the column out: it says nothing of new samples.",
            **told,
        )

    yield from _of_columns(subject, counting, found)
