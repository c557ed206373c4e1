"""A trained model as it is named on the command line: the folder of a run, or a model's file."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.errors import UserError
from workbench.core.events import BundleLoaded, ModelLoaded
from workbench.core.project import Project, load_project
from workbench.core.runs import Run
from workbench.engine.remote import Engines


class Model(NamedTuple):
    """A project, and the checkpoint with the weights of its network."""

    project: Project
    weights: Path


@contextmanager
def opened(named: str, project_file: str | None = None) -> Iterator[Model]:
    """The model at a path. Weights alone need the project of their network.

    Raises:
        UserError: there is none, it can't be read, or it does not fit the project.
    """
    path = Path(named)
    if path.is_dir():
        yield _of_run(Run(path))
        return
    project = load_project(Path(project_file)) if project_file else None
    with tempfile.TemporaryDirectory(prefix="workbench-model-") as folder:
        yield _of_file(path, project, Path(folder) / "loaded.pt")


def _of_run(run: Run) -> Model:
    project, weights = run.project(), run.checkpoint
    if weights is None:
        raise UserError(
            "{folder} has no checkpoint: its training ended before the first one.",
            folder=run.folder,
        )
    return Model(project, weights)


def _of_file(path: Path, project: Project | None, into: Path) -> Model:
    """Read in a process with limits, which it takes seconds to start: files are of strangers."""
    if not path.exists():
        raise UserError("There is no model at {path}, and it is not a run folder.", path=path)
    arguments = ("restore.load_model", path, project, into)
    with closing(Engines()) as engines:
        for events in engines.remote(*arguments, disposable=True):
            for event in events:
                if isinstance(event, BundleLoaded):
                    return Model(event.project, Path(event.weights))
                if isinstance(event, ModelLoaded) and project:
                    return Model(project.replace(model=event.model), Path(event.weights))
    raise UserError("{path} holds no model.", path=path)
