"""What an empty panel says: what to do next, and the button for it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr


class Empty(QWidget):
    """A sentence in the middle of a panel that training will fill, and the button to train."""

    def __init__(self, name: str, text: str, session: Session) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        self.text = styled(named(QLabel(text), f"{name}.empty"), "muted")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = named(QPushButton(tr("Train")), f"{name}.act", tr("Train"))
        self.button.clicked.connect(session.train_wanted)
        session.state_changed.connect(self._follow)
        column.addStretch(1)
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)

    def _follow(self, state: str) -> None:
        self.button.setEnabled(state == "idle")
