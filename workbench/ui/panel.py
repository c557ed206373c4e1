"""`Panel`: what fills a dock, drawn only while it is seen."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from workbench.ui.dock import Dock
from workbench.ui.session import Session


class Panel(QFrame):
    """The content of a dock. Slots call `changed`; `draw` follows soon, if the panel is seen."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__()
        self.setObjectName("panelBody")  # its looks; its name is the dock's
        self.session, self.dock = session, dock
        self.name, self.info, self.corner = dock.objectName(), dock.info, dock.corner
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(10, 2, 10, 10)
        self.rows.setSpacing(8)
        self._stale = True
        session.drawing.add(self, self._draw_if_seen)
        session.theme.changed.connect(self.changed)

    def changed(self) -> None:
        """What the panel shows has changed."""
        self._stale = True
        self.session.request_draw()

    def draw(self) -> None:
        """Show what has changed; overridden by panels that draw."""

    def _draw_if_seen(self) -> None:
        if self._stale and not self.visibleRegion().isEmpty():
            self._stale = False
            self.draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.session.request_draw()
