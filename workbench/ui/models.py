"""Saving and loading the model in hand."""

import os
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.catalog.layers.backbones import Backbone
from workbench.core.events import Event, ModelLoaded, ModelSaved, Progress
from workbench.core.places import user_data
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.ui.data.waiting import Waiting, Words
from workbench.ui.session import Session
from workbench.ui.text import tr


class Models:
    """What the Model menu does; each of it is a Job."""

    def __init__(self, session: Session, window: QWidget) -> None:
        self._session, self._window = session, window

    def save_parameters(self, path: Path) -> None:
        """Write the parameters of the model in hand as a `state_dict`."""
        self._save("export.save_parameters", self._session.weights, path)

    def save_network(self, path: Path) -> None:
        """Write the model in hand whole, as a standard `nn.Sequential`."""
        self._save(
            "export.save_network", self._session.document.project, self._session.weights, path
        )

    def _save(self, function: str, *arguments: Any) -> None:
        self._session.start(self._session.engines.remote(function, *arguments), self._model_told)

    def load_model(self, path: Path) -> None:
        """Take the weights in a file in hand; a whole network also replaces the layers."""
        # A folder for each window: another one may have a model in hand too.
        into = user_data() / "loaded" / str(os.getpid()) / "loaded.pt"
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
            if not isinstance(event, ModelLoaded) or session.ending:
                continue
            if session.state != "idle" or session.document.project != asked:
                session.said.emit(tr("The project has changed meanwhile: load the model again."))
            else:
                self._loaded(event)

    def _loaded(self, event: ModelLoaded) -> None:
        project = self._session.document.project.replace(model=event.model)
        self._session.document.edit(tr("Load network"), project)
        weights = Path(event.weights)
        self._session.hold(weights, project)
        run = Run(weights.parent)
        self._session.show_run(run, project)
        stream = self._session.engines.remote("preview.predictions", project, weights, run.folder)
        self._session.start(stream, lambda events: self._previewed(run, events))
        self._session.said.emit(
            tr("Loaded {path}: its predictions are shown.", path=Path(event.source).name)
        )

    def _previewed(self, run: Run, events: list[Event]) -> None:
        if self._session.run is run:  # not when another run was shown meanwhile
            self._session.run_told(events)
