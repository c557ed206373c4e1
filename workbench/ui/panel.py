"""`Panel`: a dock with a title bar of our own, drawn only while it is seen."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.ui.naming import named, sign_button
from workbench.ui.session import Session
from workbench.ui.text import tr


class Panel(QDockWidget):
    """A dock of the window. Slots call `changed`; `draw` follows soon, if the panel is seen."""

    def __init__(self, session: Session, name: str, title: str, purpose: str) -> None:
        super().__init__(title)
        self.session = session
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(purpose)
        self.info = named(QLabel(), "panelInfo")
        self.corner = QHBoxLayout()
        self.setTitleBarWidget(self._title_bar(title))
        self.body = named(QFrame(), "panelBody")
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(10, 2, 10, 10)
        self.rows.setSpacing(8)
        self.setWidget(self.body)
        self._stale = True
        session.drawing.connect(self._draw_if_seen)
        session.theme.changed.connect(self.changed)

    def _title_bar(self, title: str) -> QWidget:
        bar = named(QFrame(), "panelTitle")
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 7, 6, 5)
        row.setSpacing(6)
        self._name = named(QLabel(title), "panelName")
        self.info.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.info.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._name)
        row.addWidget(self.info, 1)
        row.addLayout(self.corner)
        close = named(
            sign_button("✕"),
            f"{self.objectName()}.close",
            tr("Close {panel}", panel=title),
            tr("Close this panel; View brings it back"),
        )
        close.clicked.connect(self.close)
        row.addWidget(close)
        return bar

    def set_title(self, title: str) -> None:
        """Change the name in the title bar."""
        self._name.setText(title)
        self.setWindowTitle(title)

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
