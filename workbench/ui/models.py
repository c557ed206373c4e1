"""Saving the model in hand, and fetching the weights that it may start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.catalog.layers.backbones import Backbone
from workbench.core.events import Event, ModelSaved, Progress
from workbench.ui.data.waiting import Waiting, Words
from workbench.ui.session import Session
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow


class Models:
    """What the Model menu does; each of it is a Job."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._session, self._window = session, window

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
