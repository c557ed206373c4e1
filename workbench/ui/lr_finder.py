"""Run > Find lr: the range test, drawn while it runs, and the lr that it suggests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout

from workbench.core.events import Event, LrFound, LrTried
from workbench.ui.naming import named, styled
from workbench.ui.text import sentence, tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow
    from workbench.ui.session import Session


class LrDialog(QDialog):
    """The loss over lr, each step thin and their mean strong, with a line at the suggestion."""

    def __init__(self, window: MainWindow) -> None:
        from workbench.ui.plots import Plot, pen

        super().__init__(window)
        self.setObjectName("dialog.lr")
        self.setWindowTitle(tr("Find lr"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 400)
        self._session: Session = window.session
        self._tried: list[LrTried] = []
        self.found: float | None = None
        self.told = named(QLabel(wordWrap=True), "dialog.lr.told", tr("Result"))
        self.told.setText(tr("Training a copy at a growing lr…"))
        self.plot = Plot("dialog.lr.plot", tr("Loss over lr"))
        self.plot.wear(self._session.theme.colors)
        self.plot.setLogMode(x=True)
        self.plot.setLabel("bottom", "lr")
        self.plot.setLabel("left", tr("loss"))
        train = self._session.theme.colors.train
        self._raw, self._smoothed = (self.plot.plot(pen=pen(train, a)) for a in (90, 255))
        self._session.drawing.add(self, self._draw)
        self.use = styled(QPushButton(tr("Use this")), "primary")
        named(self.use, "dialog.lr.use", tr("Use this"), tr("Put this lr into the recipe"))
        self.use.setEnabled(False)
        self._arrange()
        engines = self._session.engines
        stream = engines.remote("lr_finder.find_lr", self._session.document.project)
        self._job = self._session.start(stream, self._take, self._end)
        self.finished.connect(stream.stop)

    def _arrange(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        named(close, "dialog.lr.close", tr("Close"), tr("Leave lr as it is"))
        buttons.addButton(self.use, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self.use.clicked.connect(self._use)
        column = QVBoxLayout(self)
        column.addWidget(self.plot, 1)
        column.addWidget(self.told)
        column.addWidget(buttons)

    def _take(self, events: list[Event]) -> None:
        if not self.isVisible():
            return
        self._tried += [event for event in events if isinstance(event, LrTried)]
        self._session.request_draw()
        for event in events:
            if isinstance(event, LrFound):
                self._show_found(event)

    def _draw(self) -> None:
        lrs = [event.lr for event in self._tried]
        self._raw.setData(lrs, [event.loss for event in self._tried])
        self._smoothed.setData(lrs, [event.smoothed for event in self._tried])

    def _show_found(self, event: LrFound) -> None:
        self._draw()
        if event.lr is None:
            self.told.setText(
                tr("The loss falls at no lr: look at the network, the loss and the data.")
            )
            return
        self.found = float(f"{event.lr:.2g}")  # what is read is what is used
        self._mark(self.found)
        value = f"{self.found:g}"
        self.told.setText(tr("The loss falls most steeply at lr {lr}.", lr=value))
        self.use.setText(tr("Use {lr}", lr=value))
        self.use.setEnabled(True)
        self.use.setFocus()

    def _mark(self, lr: float) -> None:
        from math import log10

        import pyqtgraph as pg

        from workbench.ui.plots import pen

        accent = pen(self._session.theme.colors.accent)
        self.plot.addItem(pg.InfiniteLine(log10(lr), angle=90, pen=accent))

    def _end(self, error: Exception | None) -> None:
        from workbench.core.errors import UserError

        if error and not isinstance(error, UserError):
            self._session.failed.emit(error, False)
        if error and self.isVisible():
            self.told.setText(sentence(error) if isinstance(error, UserError) else str(error))

    def _use(self) -> None:
        document = self._session.document
        train = document.project.train.replace(lr=self.found)
        document.edit(
            tr("Use lr {lr}", lr=f"{self.found:g}"), document.project.replace(train=train)
        )
        self.accept()


def find_lr(window: MainWindow) -> None:
    """Begin the range test of the open project in a dialog."""
    LrDialog(window).open()
