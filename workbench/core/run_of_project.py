"""The run that trained a project, by what its folder says."""

import re
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.project import Project
from workbench.core.run_summary import summary_of
from workbench.core.runs import Run, number_of

_EDITED = re.compile(rb'"(lr|epochs)": [^,\n]+')
"""What a person may change while it is trained: `engine.changes.FIELDS`."""


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

    The window asks for it: a summary tells it at once, where a night's events take a second.

    Raises:
        UserError: the folder is no run, or its project can't be read.
    """
    project, told = run.project(), summary_of(run)
    if not told.is_begun:
        return project
    return project.replace(train=project.train.replace(lr=told.lr, epochs=told.epochs))
