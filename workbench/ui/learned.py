"""The panels that show what a network has learned."""

from collections.abc import Iterator, Mapping

from workbench.ui.dock import Dock
from workbench.ui.outcome import Outcomes
from workbench.ui.panel import Panel
from workbench.ui.panels.boundary import BoundaryPanel
from workbench.ui.panels.confusion import ConfusionPanel
from workbench.ui.panels.embedding import EmbeddingPanel
from workbench.ui.panels.predictions import PredictionsPanel
from workbench.ui.session import Session


def learned_panels(session: Session, docks: Mapping[str, Dock]) -> Iterator[tuple[str, Panel]]:
    """Each with the name of its dock."""
    outcomes = Outcomes(session)
    yield "predictions", PredictionsPanel(session, docks["predictions"], outcomes)
    yield "confusion", ConfusionPanel(session, docks["confusion"], outcomes)
    yield "embedding", EmbeddingPanel(session, docks["embedding"])
    yield "boundary", BoundaryPanel(session, docks["boundary"])
