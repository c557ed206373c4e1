"""The run that trained a project, by what its folder says."""

import re
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import RecipeChanged, RunStarted, event_from_json
from workbench.core.project import Project
from workbench.core.runs import Run, number_of

_EDITED = re.compile(rb'"(lr|epochs)": [^,\n]+')
"""What a person may change while it is trained: `engine.changes.FIELDS`."""
_TELLING = (b'{"event": "RunStarted"', b'{"event": "RecipeChanged"')


def newest_run_of(project: Project, runs_dir: Path, among: int = 50) -> Run | None:
    """The newest run that trained exactly this project, as it began or as it was changed while
    it was trained, and left a checkpoint; among the newest `among` runs."""
    try:
        newest = sorted(runs_dir.iterdir(), key=number_of, reverse=True)[:among]
    except OSError:  # no such folder, or no permission: then there is nothing to show
        return None
    data = project.to_json().encode()
    return next((run for run in map(Run, newest) if run.checkpoint and _is_of(run, data)), None)


def _is_of(run: Run, data: bytes) -> bool:
    try:
        held = run.project_file.read_bytes()
        if held == data:
            return True
        # only a run that differs in nothing else is looked into, since that takes milliseconds
        alike = _EDITED.sub(b"", held) == _EDITED.sub(b"", data)
        return alike and project_as_changed(run).to_json().encode() == data
    except (OSError, UserError):
        return False


def project_as_changed(run: Run) -> Project:
    """The run's project as it was changed last; what was changed behind a resume is void.

    Raises:
        UserError: the folder is no run, or its project can't be read.
    """
    project = run.project()
    try:
        changes = _changes(run)
    except FileNotFoundError:  # it said nothing yet
        return project
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError("{run} could not be read: {reason}.", run=run.name, reason=why) from error
    if not changes:
        return project
    changed = project.train.replace(lr=changes[-1].lr, epochs=changes[-1].epochs)
    return project.replace(train=changed)


def _changes(run: Run) -> list[RecipeChanged]:
    changes: list[RecipeChanged] = []
    with run.events_file.open("rb") as lines:
        for line in lines:
            if line.startswith(_TELLING) and line.endswith(b"\n"):
                event = event_from_json(line.decode(errors="replace"), str(run.events_file))
                if isinstance(event, RunStarted):
                    changes = [each for each in changes if each.step <= event.step]
                elif isinstance(event, RecipeChanged):
                    changes.append(event)
    return changes
