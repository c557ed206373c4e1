"""The banner: what went wrong, and the button that mends it, without a dialog in the way."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QPushButton, QToolBar

from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


def _always() -> bool:
    return True


class Banner(QToolBar):
    """A row of its own below the toolbar, so that it hides no title while it waits."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(tr("Message"))
        self.setObjectName("banner")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._act: Callable[[], object] | None = None
        self._holds: Callable[[], bool] = _always
        self._frame = QFrame(self)
        self._frame.setObjectName("banner_frame")
        self._fill()
        self.addWidget(self._frame)
        window.addToolBarBreak()
        window.addToolBar(self)
        self.hide()

    def _fill(self) -> None:
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(12, 3, 6, 3)
        self.text = named(QLabel(wordWrap=True), "banner.text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # sentences may quote files
        self.button = named(QPushButton(), "banner.button")
        self.button.clicked.connect(self._pressed)
        close = named(sign_button("✕"), "banner.close", tr("Close the message"))
        close.clicked.connect(self.hide)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(close)

    def tell(
        self,
        text: str,
        label: str = "",
        act: Callable[[], object] | None = None,
        holds: Callable[[], bool] = _always,
    ) -> None:
        """Show a sentence, and a button that hides the banner and calls `act`; `holds` says after
        an edit whether there is still something to do."""
        self.text.setText(text)
        self.setAccessibleName(text)
        self._act, self._holds = act, holds
        named(self.button, "banner.button", label).setText(label)
        self.button.setVisible(act is not None)
        self.show()
        self._fit()

    def settle(self) -> None:
        """Hide what asks for nothing, or for what is done; else it stays until it is answered."""
        if self._act is None or not self._holds():
            self.hide()

    def _pressed(self) -> None:
        self.hide()
        if self._act:
            self._act()

    def _fit(self) -> None:
        """As high as the sentence in its lines, which a toolbar does not ask for by itself."""
        margins = self.contentsMargins()
        width = self.width() - margins.left() - margins.right()
        self._frame.setFixedHeight(max(self._frame.heightForWidth(width), 40))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
