"""The banner: what went wrong, and the button that mends it, without a dialog in the way."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QPushButton, QToolBar

from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


class Banner(QFrame):
    """A line that lies over the top of the panels, so that telling moves none of them."""

    def __init__(self, window: QMainWindow, below: QToolBar) -> None:
        super().__init__(window)
        self.setObjectName("banner")
        self._window, self._below = window, below
        self._act: Callable[[], object] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        self.text = named(QLabel(wordWrap=True), "banner.text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # sentences may quote files
        self.button = named(QPushButton(), "banner.button")
        self.button.clicked.connect(self._pressed)
        close = named(sign_button("✕"), "banner.close", tr("Close the message"))
        close.clicked.connect(self.hide)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(close)
        window.installEventFilter(self)
        self.hide()

    def tell(self, text: str, label: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence, and a button that hides the banner and calls `act`."""
        self.text.setText(text)
        self.setAccessibleName(text)
        self._act = act
        named(self.button, "banner.button", label).setText(label)
        self.button.setVisible(act is not None)
        self.show()
        self.raise_()
        self._place()

    def settle(self) -> None:
        """Hide what asks for nothing; a banner with a button stays until it is answered."""
        if self._act is None:
            self.hide()

    def _pressed(self) -> None:
        self.hide()
        if self._act:
            self._act()

    def _place(self) -> None:
        top = self._below.mapTo(self._window, QPoint(0, self._below.height())).y()
        width = self._window.width() - 24
        self.setGeometry(12, top, width, max(self.heightForWidth(width), 40))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
