"""Loading a model: by the menu, or dropped on the window."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.errors import ForeignClass
from workbench.core.events import BundleLoaded, Event, ModelLoaded
from workbench.core.fit_report import Misfit
from workbench.core.places import user_data
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.engine.remote import EngineLost
from workbench.ui.fit_dialog import FitDialog
from workbench.ui.text import sentence, tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".safetensors")
"""Of files that are taken for models when they are dropped or named."""
FILTERS = f"Models ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"


class Loading:
    """Reads a model's file in a process of its own, and takes what it holds in hand."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._session = window, window.session
        self._numbers = count(1)

    def open(self, path: Path, fitting: bool = False, tensors_only: bool = False) -> None:
        """Take the weights in a file in hand; a whole network also replaces the layers, and a
        bundle opens its own project, once what is unsaved is saved. `fitting` takes only what fits
        the network, `tensors_only` nothing but parameters."""
        if self._session.state != "idle":
            self._session.said.emit(tr("Load {path} once the run is over.", path=path.name))
            return
        # A folder for each file: the one before may be in hand still when this one is not taken.
        folder = user_data() / "loaded" / str(os.getpid()) / str(next(self._numbers))
        asked = self._session.document.project
        request = ("restore.load_model", path, asked, folder / "loaded.pt", fitting, tensors_only)
        self._session.said.emit(tr("Loading {path}…", path=path.name))
        self._session.start(
            self._session.engines.remote(*request, disposable=True),
            lambda events: self._told(asked, events),
            lambda error: self._ended(path, tensors_only, error),
        )

    def _ended(self, path: Path, tensors_only: bool, error: Exception | None) -> None:
        if error and not self._session.ending:
            self._session.said.emit("")
            self._tell(path, tensors_only, error)

    def _tell(self, path: Path, tensors_only: bool, error: Exception) -> None:
        if isinstance(error, Misfit):
            load = partial(self.open, path, fitting=True, tensors_only=tensors_only)
            FitDialog(self._window, path, error.report, load).open()
        elif isinstance(error, ForeignClass):
            load = partial(self.open, path, tensors_only=True)
            self._window.banner.tell(sentence(error), tr("Load its parameters"), load)
        elif isinstance(error, EngineLost):  # no run was lost: there is none to be resumed
            self._window.banner.tell(sentence(error))
        else:
            self._session.failed.emit(error, False)

    def _told(self, asked: Project, events: list[Event]) -> None:
        session = self._session
        for event in events:
            if not isinstance(event, ModelLoaded | BundleLoaded) or session.ending:
                continue
            changed = isinstance(event, ModelLoaded) and session.document.project != asked
            if session.state != "idle" or changed:
                session.said.emit(tr("The project has changed meanwhile: load the model again."))
            elif isinstance(event, BundleLoaded):
                self._window.files.if_saved(partial(self._open_bundle, event))
            else:
                self._loaded(event)

    def _open_bundle(self, event: BundleLoaded) -> None:
        """A project that is in no file of its own yet, so it counts as changed."""
        self._window.files.start(event.project)
        self._session.document.undo_stack.resetClean()
        self._take(Path(event.weights), event.source)

    def _loaded(self, event: ModelLoaded) -> None:
        project = self._session.document.project.replace(model=event.model)
        self._session.document.edit(tr("Load network"), project)
        self._take(Path(event.weights), event.source)

    def _take(self, weights: Path, source: str) -> None:
        """Take weights of the open project in hand, and show what they predict."""
        for other in weights.parent.parent.glob("*"):
            if other != weights.parent:
                shutil.rmtree(other, ignore_errors=True)  # of what was loaded before
        project = self._session.document.project
        self._session.hold(weights, project)
        run = Run(weights.parent)
        self._session.show_run(run, project)
        stream = self._session.engines.remote("preview.predictions", project, weights, run.folder)
        self._session.start(stream, lambda events: self._previewed(run, events))
        self._session.said.emit(
            tr("Loaded {path}: its predictions are shown.", path=Path(source).name)
        )

    def _previewed(self, run: Run, events: list[Event]) -> None:
        if self._session.run is run:  # not when another run was shown meanwhile
            self._session.run_said(events)
