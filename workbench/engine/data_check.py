"""The data check: what is wrong with a dataset, before time is spent on training on it."""

from collections.abc import Generator, Iterator

from workbench.core.data import DatasetSpec
from workbench.core.data_check import MOST_NAMED, DataChecked, Finding, worst_first
from workbench.core.events import Event, Progress
from workbench.engine.batches import loading
from workbench.engine.checks import Subject
from workbench.engine.checks.copies import copies
from workbench.engine.checks.labels import labels
from workbench.engine.checks.values import values


def check(data: DatasetSpec) -> Generator[Event]:
    """Tell how far it is, and at the end `DataChecked` with all that was found.

    Raises:
        UserError: the files are missing or damaged.
    """
    info = data.source_info()
    yield Progress(text=f"Loading {info.title}")
    found = list(unreadable(data))
    splits = yield from loading(found[0].fix or data if found else data)
    subject = Subject(data, info, splits)
    for told in findings(subject):
        if isinstance(told, Finding):
            found.append(told)
        else:
            yield told
    samples = sum(len(part.targets) for part in subject.splits.values())
    yield DataChecked(findings=worst_first(found), samples=samples)


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


def findings(subject: Subject) -> Iterator[Event | Finding]:
    """All that is wrong, as it is found, and how far the search is."""
    yield Progress(text="Checking labels and values")
    yield from labels(subject)
    yield from values(subject)
    yield from copies(subject)
