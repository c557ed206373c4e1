"""The panels of a trained model's space."""

from collections.abc import Iterator, Mapping

from workbench.ui.dock import Dock
from workbench.ui.panel import Panel
from workbench.ui.panels.boundary import BoundaryPanel
from workbench.ui.panels.embedding import EmbeddingPanel
from workbench.ui.session import Session


def space_panels(session: Session, docks: Mapping[str, Dock]) -> Iterator[tuple[str, Panel]]:
    """Each with the name of its dock."""
    yield "embedding", EmbeddingPanel(session, docks["embedding"])
    yield "boundary", BoundaryPanel(session, docks["boundary"])
