"""What is seen while files are opened or fetched: how far it is, and the button that ends it."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.core.events import Progress
from workbench.ui.naming import named
from workbench.ui.pace import Pace
from workbench.ui.text import tr

SHOWN_AFTER = 200
"""Milliseconds: what is opened sooner shows no dialog that would only flash."""


class Words(NamedTuple):
    """What the dialog says."""

    title: str
    text: str
    cancel: str
    """What is when it is cancelled."""


class Waiting(QDialog):
    """Shows itself where opening takes a while; what holds up nothing else is not `modal`."""

    def __init__(
        self,
        parent: QWidget,
        name: str,
        words: Words,
        stop: Callable[[], None],
        modal: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(words.title)
        self.cancelled = self._over = False
        self._stop = stop
        self._pace = Pace()
        self._text = named(QLabel(words.text), f"{name}.text")
        self._bar = named(QProgressBar(maximum=0), f"{name}.progress", tr("Progress"))
        button = QPushButton(tr("Cancel"))
        cancel = named(button, f"{name}.cancel", tr("Cancel"), words.cancel)
        cancel.clicked.connect(self.reject)
        self._lay_out(cancel)
        self._soon = QTimer(self, interval=SHOWN_AFTER, singleShot=True)
        self._soon.timeout.connect(self.open if modal else self.show)
        self._soon.start()

    def _lay_out(self, cancel: QPushButton) -> None:
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(self._text)
        column.addWidget(self._bar)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(cancel)
        column.addLayout(row)

    def tell(self, progress: Progress) -> None:
        """Show how far it is."""
        if self._over:  # it was cancelled; a word was still on its way
            return
        self._text.setText(self._pace.told(progress))
        self._bar.setMaximum(1000 if progress.total else 0)
        if progress.total:
            self._bar.setValue(round(1000 * progress.done / progress.total))

    def cancel(self) -> None:
        """End what is being opened; what it found is not wanted any more."""
        self.cancelled = True
        self._stop()
        self.done()

    def reject(self) -> None:
        """The button, Escape, or the frame's own close."""
        self.cancel()

    def done(self, result: int = 0) -> None:
        """It is over: go."""
        if self._over:  # it was cancelled, and what it waited for has ended since
            return
        self._over = True
        self._soon.stop()
        super().done(result)
        self.deleteLater()
