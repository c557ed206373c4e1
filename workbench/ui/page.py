"""`Page`: a view of the network in a tab of the Network panel."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.walk import Path
from workbench.ui.session import Session
from workbench.ui.stack import Stack


class Page(QWidget):
    """Draws the network of `stack.steps`, with the layer at `current` marked. `draw` is called
    only while the page is in sight, once after any number of changes."""

    picked = Signal(object)
    """The path of a layer that was clicked here, to be the current one."""

    def __init__(self, session: Session, stack: Stack, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.session, self.stack = session, stack
        self.current: Path | None = None
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 4, 0, 0)
        self._stale = True
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self._draw_if_seen)
        stack.refreshed.connect(self.changed)
        session.theme.changed.connect(self.changed)

    def choose(self, path: Path | None) -> None:
        """Mark the layer at `path`; () is the input, None is nothing."""
        if path != self.current:
            self.current = path
            self.changed()

    def changed(self) -> None:
        """What the page shows has changed."""
        self._stale = True
        self._soon.start()

    def draw(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def _draw_if_seen(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            self.draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.start()
