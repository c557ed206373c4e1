"""What is seen while files are opened: how far it is, and the button that ends it."""

from collections.abc import Callable
from pathlib import Path

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
from workbench.ui.text import tr

SHOWN_AFTER = 200
"""Milliseconds: what is opened sooner shows no dialog that would only flash."""


class Waiting(QDialog):
    """Shows itself where opening takes a while."""

    def __init__(self, parent: QWidget, path: Path, stop: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.opening")
        self.setWindowTitle(tr("Open data"))
        self.path = path
        self.cancelled = self._over = False
        self._stop = stop
        self._text = named(QLabel(tr("Opening {name}…", name=path.name)), "dialog.opening.text")
        self._bar = named(QProgressBar(maximum=0), "dialog.opening.progress", tr("Progress"))
        cancel = named(
            QPushButton(tr("Cancel")),
            "dialog.opening.cancel",
            tr("Cancel"),
            tr("Keep the present data"),
        )
        cancel.clicked.connect(self.reject)
        self._lay_out(cancel)
        self._soon = QTimer(self, interval=SHOWN_AFTER, singleShot=True)
        self._soon.timeout.connect(self.open)
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
        counts = f" · {progress.done:,}" if progress.done else ""
        if progress.total:
            counts += tr(" of {total}", total=f"{progress.total:,}")
        self._text.setText(tr(progress.text) + "…" + counts)
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
