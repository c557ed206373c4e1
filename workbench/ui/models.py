"""Saving and loading the model in hand."""

from pathlib import Path
from typing import Any

from workbench.core.events import Event, ModelLoaded, ModelSaved
from workbench.core.places import user_data
from workbench.core.runs import Run
from workbench.ui.session import Session
from workbench.ui.text import tr


class Models:
    """What the Model menu does; each of it is a Job."""

    def __init__(self, session: Session) -> None:
        self._session = session

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
        into = user_data() / "loaded.pt"
        stream = self._session.engines.remote(
            "restore.load_model", path, self._session.document.project, into, disposable=True
        )
        self._session.said.emit(tr("Loading {path}…", path=path.name))
        self._session.start(stream, self._model_told)

    def _model_told(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ModelSaved):
                self._session.said.emit(tr("Saved {path}.", path=event.path))
            elif isinstance(event, ModelLoaded):
                self._loaded(event)

    def _loaded(self, event: ModelLoaded) -> None:
        project = self._session.document.project.replace(model=event.model)
        self._session.document.edit(tr("Load network"), project)
        weights = Path(event.weights)
        self._session.hold(weights)
        folder = user_data() / "loaded"
        self._session.show_run(Run(folder), project)
        self._session.start(
            self._session.engines.remote("preview.predictions", project, weights, folder),
            self._session.run_told,
        )
        self._session.said.emit(
            tr("Loaded {path}: its predictions are shown.", path=Path(event.source).name)
        )
