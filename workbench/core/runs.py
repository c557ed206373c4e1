"""`Run`: one folder per training run, and how runs are found."""

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.events import Event, StepCompleted, event_from_json
from workbench.core.project import Project, load_project, save_project

log = logging.getLogger(__name__)

KEPT_CHECKPOINTS = 3
"""One to go on from, and two for when it is damaged, or was taken when training went astray."""
_NUMBERED = re.compile(r"(\d{4,})-")


@dataclass(frozen=True)
class Run:
    """The folder of a run: `project.json`, `events.jsonl`, `train.py`, `checkpoints/`,
    `tensorboard/`, `predictions/`."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name, `0012-Digits`."""
        return self.folder.name

    @property
    def project_file(self) -> Path:
        """The project as it was when training began."""
        return self.folder / "project.json"

    @property
    def events_file(self) -> Path:
        """Everything that training said, one JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def program(self) -> Path:
        """The run as a program, without this one: `train.py`."""
        return self.folder / "train.py"

    @property
    def tensorboard(self) -> Path:
        """Logs for `tensorboard --logdir`."""
        return self.folder / "tensorboard"

    @property
    def last(self) -> Path:
        """The checkpoint from which the run can be resumed."""
        return self.folder / "checkpoints" / "last.pt"

    @property
    def kept(self) -> tuple[Path, ...]:
        """The last checkpoint and those before it, newest first; some may not be there."""
        names = ("last", *(f"last-{age}" for age in range(1, KEPT_CHECKPOINTS)))
        return tuple(self.folder / "checkpoints" / f"{name}.pt" for name in names)

    @property
    def best(self) -> Path:
        """The checkpoint with the lowest validation loss."""
        return self.folder / "checkpoints" / "best.pt"

    def predictions(self, split: str, epoch: int) -> Path:
        """Predictions of a split after an epoch."""
        return self.folder / "predictions" / f"{split}-{epoch:05}.npz"

    def project(self) -> Project:
        """The project of the run.

        Raises:
            UserError: the folder is no run, or its project can't be read.
        """
        if not self.project_file.is_file():
            raise UserError(
                "{folder} is not a run folder: it has no project.json.", folder=self.folder
            )
        return load_project(self.project_file)

    @property
    def checkpoint(self) -> Path | None:
        """The best checkpoint, else the last one, if there is any."""
        return next((path for path in (self.best, self.last) if path.exists()), None)

    def events(self) -> Iterator[Event]:
        """What training said; a line that a crash cut off or that is damaged is left out.

        Raises:
            UserError: the events can't be read.
        """
        unread = 0
        try:
            with self.events_file.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.endswith("\n"):
                        try:
                            event = event_from_json(line, str(self.events_file))
                        except UserError:  # one of a newer program, or damaged
                            unread += 1
                        else:
                            yield event
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(
                "{path} could not be read: {reason}.",
                path=self.events_file,
                reason=error.strerror or str(error),
            ) from error
        if unread:
            log.warning("%s: %d lines are no events, and are left out", self.events_file, unread)


def create_run(project: Project, runs_dir: Path) -> Run:
    """A new run folder with the project in it, numbered on from the last one.

    Raises:
        UserError: the disk refused.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        folder = _claimed(runs_dir, project.data.kind)
    except OSError as error:
        raise UserError(
            "A run folder could not be made in {folder}: {reason}. Choose another runs folder.",
            folder=runs_dir,
            reason=error.strerror or str(error),
        ) from error
    run = Run(folder)
    save_project(project, run.project_file)
    return run


def _claimed(runs_dir: Path, label: str) -> Path:
    number = max((number_of(run) for run in runs_dir.iterdir()), default=0)
    while True:  # another program may take the same number: mkdir decides
        number += 1
        folder = runs_dir / f"{number:04}-{label}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue


def number_of(folder: Path) -> int:
    """The number that a run folder begins with; 0 if it has none."""
    match = _NUMBERED.match(folder.name)
    return int(match[1]) if match else 0


def remove_if_empty(run: Run) -> bool:
    """Remove the folder of a run that never took a step; whether it was removed."""
    if run.checkpoint or not run.project_file.exists():
        return False
    try:
        if any(isinstance(event, StepCompleted) for event in run.events()):
            return False
    except UserError:  # what can't be read is not known to be empty
        return False
    shutil.rmtree(run.folder, ignore_errors=True)
    return True
