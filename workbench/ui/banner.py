"""The banner: what went wrong or is offered, and the button for it, without a dialog in the way."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QToolBar,
)

from workbench.ui.naming import named, sign_button
from workbench.ui.text import tr


def _always() -> bool:
    return True


class Banner(QToolBar):
    """A row of its own below the toolbar, so that it hides no title while it waits."""

    answered = Signal()
    """A person has pressed one of its buttons."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(tr("Message"))
        self.setObjectName("banner")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._window = window
        self._heights: dict[QDockWidget, int] = {}
        self._act: Callable[[], object] | None = None
        self._dismiss: Callable[[], object] | None = None
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
        self.button.clicked.connect(lambda: self._answer(self._act))
        self.dismiss = named(
            QPushButton(tr("Dismiss")), "banner.dismiss", tr("Dismiss"), tr("Do not offer it again")
        )
        self.dismiss.clicked.connect(lambda: self._answer(self._dismiss))
        close = named(sign_button("✕"), "banner.close", tr("Close the message"))
        close.clicked.connect(lambda: self._answer(None))
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(self.dismiss)
        row.addWidget(close)

    def tell(
        self,
        text: str,
        label: str = "",
        act: Callable[[], object] | None = None,
        holds: Callable[[], bool] = _always,
        dismiss: Callable[[], object] | None = None,
        *,
        offer: bool = False,
    ) -> None:
        """Show a sentence, and a button that hides the banner and calls `act`; `holds` says after
        an edit whether there is still something to do. `dismiss` has a button too: to close the
        banner alone says nothing. An `offer` is no fault, and looks like none."""
        self._frame.setProperty("offer", offer)
        self._frame.style().polish(self._frame)
        self.text.setText(text)
        self.setAccessibleName(text)
        self._act, self._holds, self._dismiss = act, holds, dismiss
        self.dismiss.setVisible(dismiss is not None)
        named(self.button, "banner.button", label).setText(label)
        self.button.setVisible(act is not None)
        if self.isHidden():
            self._heights = self._of_docks()
        self.show()
        self._fit()

    def settle(self) -> None:
        """Hide what asks for nothing, or for what is done; else it stays until it is answered."""
        if self._act is None or not self._holds():
            self.hide()

    def withdraw(self) -> None:
        """Hide what can't be done any more, such as an offer for a run that is out of view."""
        if not self._holds():
            self.hide()

    def _of_docks(self) -> dict[QDockWidget, int]:
        """The heights of the docks in sight; one in tabs is lower than its row by the tabs."""
        docks = self._window.findChildren(QDockWidget)
        alone = (dock for dock in docks if not self._window.tabifiedDockWidgets(dock))
        return {dock: dock.height() for dock in alone if dock.isVisible()}

    def hideEvent(self, event: QHideEvent) -> None:
        """The panels get back what the banner took: left alone, others would grow by it."""
        super().hideEvent(event)
        if not event.spontaneous() and self._window.isVisible():
            QTimer.singleShot(0, self, self._give_back)

    def _give_back(self) -> None:
        docks, heights = list(self._heights), list(self._heights.values())
        if self.isHidden() and docks == list(self._of_docks()):  # else others stand there now
            self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def _answer(self, act: Callable[[], object] | None) -> None:
        self.hide()
        if act:
            act()
        self.answered.emit()

    def _fit(self) -> None:
        """As high as the sentence in its lines, which a toolbar does not ask for by itself."""
        margins = self.contentsMargins()
        width = self.width() - margins.left() - margins.right()
        self._frame.setFixedHeight(max(self._frame.heightForWidth(width), 40))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
