"""What an empty panel says: what to do next, and the button for it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.ui.naming import named, styled


class Empty(QWidget):
    """A sentence in the middle of the panel with a button below it."""

    def __init__(self, name: str, text: str, label: str, act: Callable[[], object]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        self.text = styled(QLabel(text), "muted")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = named(QPushButton(label), f"{name}.act", label)
        self.button.clicked.connect(lambda: act())
        column.addStretch(1)
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
