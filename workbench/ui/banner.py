"""The banner: what went wrong, and the button that mends it, without a dialog in the way."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolBar

from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


class Banner(QToolBar):
    """A line below the toolbar; hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__(tr("Message"))
        self.setObjectName("banner_bar")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        frame = named(QFrame(), "banner")
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 5, 6, 5)
        self.text = named(QLabel(wordWrap=True), "banner.text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # sentences may quote files
        self.button = named(QPushButton(), "banner.button")
        self.button.clicked.connect(self._pressed)
        close = named(sign_button("✕"), "banner.close", tr("Close the message"))
        close.clicked.connect(self.hide)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(close)
        self.addWidget(frame)
        self.hide()
        self._act: Callable[[], object] | None = None

    def tell(self, text: str, label: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence, and a button that hides the banner and calls `act`."""
        self.text.setText(text)
        self._act = act
        self.button.setText(label)
        self.button.setAccessibleName(label)
        self.button.setToolTip(label)
        self.button.setVisible(act is not None)
        self.show()

    def settle(self) -> None:
        """Hide what asks for nothing; a banner with a button stays until it is answered."""
        if self._act is None:
            self.hide()

    def _pressed(self) -> None:
        self.hide()
        if self._act:
            self._act()
