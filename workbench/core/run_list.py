"""The runs of a folder, as a list tells of them: newest first, without reading their events."""

from collections.abc import Collection, Generator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.run_notes import Notes, read_notes
from workbench.core.run_summary import Status, Summary, summary_of
from workbench.core.runs import Run, number_of

BATCH = 200  # rows that a table takes over at once


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list. `summary` is None, and `fault` says why, where it can't be read."""

    run: Run
    status: Status
    summary: Summary | None
    notes: Notes
    fault: str = ""

    @property
    def title(self) -> str:
        """The name that a person gave it, or its folder's."""
        return self.notes.name or self.run.name

    @property
    def resumable(self) -> bool:
        """Whether training can go on from a checkpoint of its own."""
        return self.status in ("stopped", "failed", "interrupted") and self.run.last.exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsListed(Event):
    """Some of the runs of a folder."""

    runs: tuple[ListedRun, ...]


def list_runs(runs_dir: Path, names: Collection[str] | None = None) -> Generator[RunsListed]:
    """The runs in a folder, or those of some names, newest first, in batches.

    Raises:
        UserError: the folder can't be read; one that is missing has no runs.
    """
    found: list[ListedRun] = []
    for run in _runs(runs_dir, names):
        found.append(listed(run))
        if len(found) == BATCH:
            yield RunsListed(runs=tuple(found))
            found = []
    yield RunsListed(runs=tuple(found))


def _runs(runs_dir: Path, names: Collection[str] | None) -> list[Run]:
    try:
        folders = [runs_dir / name for name in names] if names is not None else runs_dir.iterdir()
        runs = [Run(folder) for folder in folders if (folder / "project.json").is_file()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(
            "The runs folder {folder} could not be read: {reason}. Choose another one.",
            folder=runs_dir,
            reason=error.strerror or str(error),
        ) from error
    return sorted(runs, key=lambda run: (number_of(run.folder), run.name), reverse=True)


def listed(run: Run) -> ListedRun:
    """A run as a list tells of it."""
    notes = read_notes(run)
    try:
        summary = summary_of(run)
    except UserError as error:
        return ListedRun(run, "unreadable", None, notes, str(error))
    return ListedRun(run, summary.status(run), summary, notes)
