"""Samples that occur twice: within a split, across splits (a leak), and with another label."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.data import EVALUATED, SPLITS, Split
from workbench.core.data_check import MOST_NAMED, Finding, Severity
from workbench.core.events import Event, Progress
from workbench.engine.checks import Place, Subject, sample_names
from workbench.engine.checks.alike import near_pairs

Pair = tuple[Place, Place]
STEP = 5000  # samples between two words on how far it is
# Shares of a held-back split from which figures measured on it mislead a little, or thoroughly.
MISLEADING, WORTHLESS = 0.02, 0.2


def copies(subject: Subject) -> Iterator[Event | Finding]:
    """Exact copies by a digest of each sample's bytes (for tables: of its row), then near ones."""
    held = []
    for samples in subject.splits.values():
        digests = np.empty((len(samples.targets), 2), np.uint64)
        for row, sample in enumerate(samples.inputs):
            if row % STEP == 0:
                yield Progress(text="Looking for copies", done=row, total=len(samples.targets))
            digest = blake2b(np.ascontiguousarray(sample).tobytes(), digest_size=16).digest()
            digests[row] = np.frombuffer(digest, np.uint64)
        held.append(digests)
    repeated = _repeated(subject, np.concatenate(held))
    yield from _across(subject, _leaks(repeated), near=False)
    yield from _contradictions(subject, repeated)
    yield from _within(subject, repeated)
    if subject.info.is_image:
        group_of = {place: number for number, group in enumerate(repeated) for place in group}
        near = yield from near_pairs(subject)
        others = [(a, b) for a, b in near if a not in group_of or group_of[a] != group_of.get(b)]
        yield from _across(subject, others, near=True)


def _repeated(subject: Subject, digests: NDArray[np.uint64]) -> list[list[Place]]:
    """The places of each sample that occurs more than once, in order. Sorted, since a dictionary of
    a million takes twenty times the memory."""
    order = np.lexsort(digests.T)
    sorts = digests[order]
    begins = np.flatnonzero(np.r_[True, (sorts[1:] != sorts[:-1]).any(1), True][: len(order) + 1])
    sizes = np.diff(begins, append=len(order)) if len(order) else np.empty(0, np.int64)
    counts = [len(samples.targets) for samples in subject.splits.values()]
    names, ends = list(subject.splits), np.cumsum(counts)
    found = []
    for begin, size in zip(begins[: len(sizes)][sizes > 1], sizes[sizes > 1], strict=True):
        rows = order[begin : begin + size]
        parts = np.searchsorted(ends, rows, side="right")
        own = rows - (ends - counts)[parts]
        pairs = zip(parts.tolist(), own.tolist(), strict=True)
        found.append((int(rows[0]), [(names[part], row) for part, row in pairs]))
    return [group for _, group in sorted(found)]


def _leaks(repeated: list[list[Place]]) -> list[Pair]:
    """The held-back samples that training or, of the test, validation sees too, each with the first
    of its copies there. Of one that occurs ten thousand times, not all pairs are looked at."""
    found: list[Pair] = []
    for group in repeated:
        first = min(group, key=lambda place: SPLITS.index(place[0]))
        found += [(place, first) for place in group if place[0] != first[0]]
    return found


def _across(subject: Subject, pairs: list[Pair], near: bool) -> Iterator[Finding]:
    for split in EVALUATED:
        for known in ("train", "val"):
            own = (pair for pair in pairs if (pair[0][0], pair[1][0]) == (split, known))
            leaked = sorted({pair[0]: pair for pair in own}.values())
            if leaked and known == "train":
                yield _leak(subject, split, leaked, near)
            elif leaked:
                yield _shared(subject, leaked, near)


def _leak(subject: Subject, split: Split, leaked: list[Pair], near: bool) -> Finding:
    total = len(subject.splits[split].targets)
    kind = "that are almost the same as" if near else "that are copies of"
    return Finding(
        severity=_severity(len(leaked), total),
        kind="near_leak" if near else "leak",
        message="Samples of {split} " + kind + " training samples: {count} of {total}.",
        advice="Remove one of each pair, or put both into the same split: what is measured on "
        "samples that were trained on is too good to be true.",
        values={"count": len(leaked), "total": total, "split": split},
        where=tuple(
            f"{subject.name(held)} = {subject.name(other)}" for held, other in leaked[:MOST_NAMED]
        ),
        count=len(leaked),
    )


def _shared(subject: Subject, leaked: list[Pair], near: bool) -> Finding:
    total = len(subject.splits["test"].targets)
    kind = "that are almost the same as" if near else "that are copies of"
    return Finding(
        severity=_severity(len(leaked), total),
        kind="near_shared" if near else "shared",
        message="Samples of test " + kind + " validation samples: {count} of {total}.",
        advice="Remove one of each pair: what was chosen by its validation is then tested on the "
        "same samples, and looks better than it is.",
        values={"count": len(leaked), "total": total},
        where=tuple(
            f"{subject.name(held)} = {subject.name(other)}" for held, other in leaked[:MOST_NAMED]
        ),
        count=len(leaked),
    )


def _severity(count: int, total: int) -> Severity:
    share = count / max(total, 1)
    if count <= 2 or share < MISLEADING:
        return "note"
    return "error" if share >= WORTHLESS else "warning"


def _within(subject: Subject, repeated: list[list[Place]]) -> Iterator[Finding]:
    again = [place for group in repeated for place in _repeats(group)]
    if again:
        yield Finding(
            severity="note",
            kind="duplicate",
            message="Exact copies of other samples in the same split: {count}.",
            advice="Remove them if they were entered twice by mistake: they count double.",
            values={"count": len(again)},
            where=sample_names(subject, again),
            count=len(again),
        )


def _repeats(group: list[Place]) -> Iterator[Place]:
    """All of a group but the first of each split."""
    seen: set[str] = set()
    for place in group:
        if place[0] in seen:
            yield place
        seen.add(place[0])


def _contradictions(subject: Subject, repeated: list[list[Place]]) -> Iterator[Finding]:
    if subject.info.task != "classification":
        return
    split_up = [group for group in repeated if len({_label(subject, p) for p in group}) > 1]
    if split_up:
        yield Finding(
            severity="warning",
            kind="contradiction",
            message="Samples that occur with different classes: {count}.",
            advice="Look at them and correct the labels: no network can be right on both.",
            values={"count": len(split_up)},
            where=sample_names(subject, [group[0] for group in split_up]),
            count=len(split_up),
        )


def _label(subject: Subject, place: Place) -> Any:
    targets: NDArray[Any] = subject.splits[place[0]].targets
    return targets[place[1]].item()
