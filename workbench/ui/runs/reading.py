"""What is read of runs in a Job: their list, their curves, their projects; notes are written."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QFile

from workbench.core.curves import Curves, read_curves
from workbench.core.differences import Difference, differences
from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.run_notes import Notes, save_notes
from workbench.core.run_of_project import project_as_changed
from workbench.core.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvesRead(Event):
    """The curves of a run, or None and the sentence that says why not."""

    run: Run
    curves: Curves | None
    fault: UserError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Event):
    """The settings in which runs differ; `runs` are those whose projects could be read."""

    runs: tuple[Run, ...]
    found: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trashed(Event):
    """The folder of a run lies in the trash."""

    run: Run


def curves_of(runs: Sequence[Run]) -> Generator[Event]:
    """The curves of runs, one after another."""
    for run in runs:
        try:
            yield CurvesRead(run=run, curves=read_curves(run))
        except UserError as error:
            yield CurvesRead(run=run, curves=None, fault=error)


def compared(runs: Sequence[Run]) -> Generator[Event]:
    """In what the projects of runs differ."""
    found = []
    for run in runs:
        try:
            found.append((run, project_as_changed(run)))
        except UserError:  # the list says so in its row
            continue
    told = differences([project for _, project in found])
    yield Compared(runs=tuple(run for run, _ in found), found=tuple(told))


def noted(run: Run, notes: Notes) -> Generator[Event]:
    """Keep the notes of a run.

    Raises:
        UserError: the disk refused.
    """
    save_notes(run, notes)
    yield from ()


def trashed(runs: Sequence[Run]) -> Generator[Event]:
    """Move the folders of runs into the trash.

    Raises:
        UserError: there is no trash for that disk; the runs from there on are where they were.
    """
    for run in runs:
        moved = QFile.moveToTrash(str(run.folder))
        if not (moved[0] if isinstance(moved, tuple) else moved):
            raise UserError(
                "{run} could not be moved to the trash. Delete its folder by hand: {folder}",
                run=run.name,
                folder=run.folder,
            )
        yield Trashed(run=run)
