"""The data check: what is wrong with a dataset, before time is spent on training on it."""

from collections.abc import Generator, Iterator

from workbench.core.data import DatasetSpec
from workbench.core.data_check import DataChecked, Finding, worst_first
from workbench.core.events import Event, Progress
from workbench.engine.batches import loading
from workbench.engine.checks import Subject
from workbench.engine.checks.copies import copies
from workbench.engine.checks.files import left_out, unreadable
from workbench.engine.checks.labels import labels
from workbench.engine.checks.values import values


def check(data: DatasetSpec) -> Generator[Event]:
    """Tell how far it is, and at the end `DataChecked` with all that was found.

    Raises:
        UserError: the files are missing or damaged.
    """
    info = data.source_info()
    yield Progress(text=f"Loading {info.title}")
    found = [*unreadable(data), *left_out(data)]
    readable = next((f.fix for f in found if f.kind == "unreadable" and f.fix), data)
    splits = yield from loading(readable)
    subject = Subject(data, info, splits, readable.sample_names())
    for told in findings(subject):
        if isinstance(told, Finding):
            found.append(told)
        else:
            yield told
    samples = sum(len(part.targets) for part in subject.splits.values())
    yield DataChecked(findings=worst_first(found), samples=samples)


def findings(subject: Subject) -> Iterator[Event | Finding]:
    """All that is wrong, as it is found, and how far the search is."""
    yield Progress(text="Checking labels and values")
    yield from labels(subject)
    yield from values(subject)
    yield from copies(subject)
