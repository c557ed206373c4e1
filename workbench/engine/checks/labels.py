"""Classes and targets: marks that are no classes, too few samples, far from balanced."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from workbench.core.data import SPLITS
from workbench.core.data_check import MOST_NAMED, Finding
from workbench.engine.checks import Subject

OWN_NUMBERS = ("Arrays", "Table")
"""Sources whose classes may be numbers of the file."""
GAP = 8
"""Numbers left out behind which a label is a mark; other gaps are classes without samples."""
FEWEST = 10
"""Training samples that a class should have at the least."""
UNBALANCED = 4.0
"""How many times the samples of the rarest class the commonest one may have."""


def labels(subject: Subject) -> Iterator[Finding]:
    """What is wrong with the targets."""
    if subject.info.task != "classification":
        return
    yield from _odd_numbers(subject)
    targets = subject.splits["train"].targets
    counts = np.bincount(targets, minlength=len(subject.info.classes))
    yield from _too_few(subject, counts.tolist())
    yield from _not_measured(subject)
    yield from _imbalance(subject, counts.tolist())


def _odd_numbers(subject: Subject) -> Iterator[Finding]:
    """Classes of own files are the numbers that stand there: some are marks, and no classes."""
    try:
        numbers = [float(name) for name in subject.info.classes]
    except ValueError:
        return
    if len(numbers) < 2 or subject.data.kind not in OWN_NUMBERS:
        return
    below = [name for name in numbers if name < 0]
    is_pair = numbers == [-1.0, 1.0]  # the two classes of a perceptron and of a support vector
    ordered = sorted(numbers)
    steps = [after - before for before, after in pairwise(ordered)]
    gap = steps[-1] > max(GAP, ordered[-2] - ordered[0] + 1)
    for kind, found, said in (
        ("negative_label", [] if is_pair else below, "Labels below 0 are classes of their own"),
        ("label_gap", ordered[-1:] if gap else [], "A label far from all others is a class"),
    ):
        if found:
            named = tuple(f"{number:g}" for number in found[:MOST_NAMED])
            yield Finding(
                severity="warning",
                kind=kind,
                message=f"{said}: {{labels}}.",
                advice="Remove these samples if it only marks what is unknown or to be ignored.",
                values={"labels": ", ".join(named)},
                where=named,
                count=len(found),
            )


def _too_few(subject: Subject, counts: list[int]) -> Iterator[Finding]:
    names = subject.info.classes
    none = [name for name, count in zip(names, counts, strict=True) if count == 0]
    few = [f"{n}: {c}" for n, c in zip(names, counts, strict=True) if 0 < c < FEWEST]
    if none:
        yield Finding(
            severity="error",
            kind="empty_class",
            message="Classes without training samples: {count}.",
            advice="Add samples, or leave the class out: it can't be learned.",
            values={"count": len(none)},
            where=tuple(none[:MOST_NAMED]),
            count=len(none),
        )
    if few:
        yield Finding(
            severity="warning",
            kind="small_class",
            message="Classes with fewer than {fewest} training samples: {count}.",
            advice="Add samples, or join the class with another.",
            values={"count": len(few), "fewest": FEWEST},
            where=tuple(few[:MOST_NAMED]),
            count=len(few),
        )


def _not_measured(subject: Subject) -> Iterator[Finding]:
    for split in SPLITS[1:]:
        targets = subject.splits[split].targets
        missing = [
            name for label, name in enumerate(subject.info.classes) if not (targets == label).any()
        ]
        if missing and len(targets):
            yield Finding(
                severity="note",
                kind="class_not_measured",
                message="Classes without {split} samples, on which nothing is measured: {count}.",
                advice="Hold back a larger share, or split by another seed.",
                values={"count": len(missing), "split": split},
                where=tuple(missing[:MOST_NAMED]),
                count=len(missing),
            )


def _imbalance(subject: Subject, counts: list[int]) -> Iterator[Finding]:
    present = [(count, name) for count, name in zip(counts, subject.info.classes, strict=True)]
    present = [pair for pair in present if pair[0]]
    if len(present) < 2:
        return
    least, most = min(present), max(present)
    if subject.data.balance == "none" and most[0] >= UNBALANCED * least[0]:
        yield Finding(
            severity="warning",
            kind="imbalance",
            message="{common} has {times:.0f} times the samples of {rare}.",
            advice="Weigh the classes, or draw rare ones more often; accuracy says little here.",
            values={"common": most[1], "rare": least[1], "times": most[0] / least[0]},
            where=(f"{most[1]}: {most[0]:,}", f"{least[1]}: {least[0]:,}"),
            count=len(present),
            fix=subject.data.replace(balance="weights"),
            fix_label="Weigh the classes",
        )
