"""Saving and loading the model in hand."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.catalog.layers.backbones import Backbone
from workbench.core.events import BundleLoaded, Event, ModelLoaded, ModelSaved, Progress
from workbench.core.places import user_data
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.ui.data.waiting import Waiting, Words
from workbench.ui.session import Session
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow


class Models:
    """What the Model menu does; each of it is a Job."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._session, self._window = session, window
        self._numbers = count(1)

    def save_parameters(self, path: Path) -> None:
        """Write the parameters of the model in hand as a `state_dict`."""
        self._save("export.save_parameters", self._session.weights, path)

    def save_network(self, path: Path) -> None:
        """Write the model in hand whole, as a standard `nn.Sequential`."""
        self._save(
            "export.save_network", self._session.document.project, self._session.weights, path
        )

    def save_bundle(self, path: Path) -> None:
        """Write the model in hand with its project, classes, preparation and metrics."""
        self._session.said.emit(tr("Measuring the model, then saving it…"))
        self._save(
            "bundle.save_bundle", self._session.document.project, self._session.weights, path
        )

    def _save(self, function: str, *arguments: Any) -> None:
        self._session.start(self._session.engines.remote(function, *arguments), self._model_told)

    def load_model(self, path: Path) -> None:
        """Take the weights in a file in hand; a whole network also replaces the layers, and a
        bundle opens its own project, once what is unsaved is saved."""
        # A folder for each file: what is shown of another may be saved or trained on meanwhile.
        folder = user_data() / "loaded" / str(os.getpid())
        into = folder / str(next(self._numbers)) / "loaded.pt"
        asked = self._session.document.project
        stream = self._session.engines.remote(
            "restore.load_model", path, asked, into, disposable=True
        )
        self._session.said.emit(tr("Loading {path}…", path=path.name))
        self._session.start(stream, lambda events: self._loaded_if_same(asked, events))

    def backbones(self) -> list[Backbone]:
        """Those of the network that are to start from published weights."""
        layers = (layer for _, layer in self._session.document.project.model.nested())
        return [
            layer for layer in layers if isinstance(layer, Backbone) and layer.weights == "imagenet"
        ]

    def download_weights(self) -> None:
        """Fetch the published weights of the network's backbones; who calls this has asked. All
        else can be done meanwhile."""
        stream = self._session.engines.remote("pretrained.download", self.backbones())
        words = Words(
            tr("Download weights"),
            tr("Downloading…"),
            tr("End the download; nothing of it is kept"),
        )
        waiting = Waiting(self._window, "dialog.fetching", words, stream.stop, modal=False)
        self._session.start(
            stream,
            lambda events: self._download_told(waiting, events),
            lambda error: self._download_ended(waiting, error),
        )

    def _download_told(self, waiting: Waiting, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Progress):
                waiting.tell(event)
                if event.total and event.done == event.total and not event.bytes:
                    self._session.said.emit(event.text)

    def _download_ended(self, waiting: Waiting, error: Exception | None) -> None:
        if waiting.cancelled:
            self._session.said.emit(tr("The download was cancelled."))
        elif error:
            self._session.failed.emit(error, False)
        waiting.done()

    def _model_told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ModelSaved):
                self._session.said.emit(tr("Saved {path}.", path=event.path))

    def _loaded_if_same(self, asked: Project, events: list[Event]) -> None:
        session = self._session
        for event in events:
            if not isinstance(event, ModelLoaded | BundleLoaded) or session.ending:
                continue
            if session.state != "idle" or session.document.project != asked:
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
