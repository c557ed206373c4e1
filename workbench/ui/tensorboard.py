"""TensorBoard on the runs folder: a process beside the window, which ends with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QProcess, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QToolButton, QWidget

from workbench.core.errors import UserError
from workbench.ui.actions import Action
from workbench.ui.naming import named
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

START_SECONDS = 60  # a cold disk takes ten
END_MILLISECONDS = 2000


class TensorBoard(QObject):
    """`workbench tensorboard` as a process: it ends as soon as its standard input does, so that
    it outlives no window, however the window ends."""

    changed = Signal()
    failed = Signal(object, bool)
    """As of a Job: the error, and that there is nothing to resume."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.url = ""
        """Where it listens; empty as long as it does not."""
        self._folder = Path()
        self._process: QProcess | None = None
        self._patience = QTimer(self, interval=START_SECONDS * 1000, singleShot=True)
        self._patience.timeout.connect(self._give_up)

    @property
    def running(self) -> bool:
        """Whether it listens, or will soon."""
        return self._process is not None

    def open(self, folder: Path) -> None:
        """Show the runs in a folder in the browser, once TensorBoard listens."""
        if self.running and folder != self._folder:
            self.stop()
        if self.url:
            QDesktopServices.openUrl(QUrl(self.url))
        elif not self.running:
            self._start(folder)

    def _start(self, folder: Path) -> None:
        self._folder = folder
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._faulty)
        module = [] if getattr(sys, "frozen", False) else ["-m", "workbench"]
        words = ["tensorboard", str(folder), "--json", "--until-eof"]
        process.start(sys.executable, [*module, *words])
        self._patience.start()
        self.changed.emit()

    def _read(self) -> None:
        if self._process and not self.url and self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            self._patience.stop()
            self.url = str(json.loads(line)["url"])
            self.changed.emit()
            QDesktopServices.openUrl(QUrl(self.url))

    def stop(self) -> None:
        """End it, and wait for its end, which takes it a moment."""
        process = self._release()
        if process:
            process.closeWriteChannel()
            if not process.waitForFinished(END_MILLISECONDS):
                process.kill()
                process.waitForFinished(END_MILLISECONDS)
            process.deleteLater()

    def _release(self) -> QProcess | None:
        process, self._process, self.url = self._process, None, ""
        self._patience.stop()
        if process:
            self.changed.emit()
        return process

    def _ended(self) -> None:
        process = self._release()
        if process:
            told = bytes(process.readAllStandardError().data()).decode(errors="replace")
            process.deleteLater()
            self._tell(_last_words(told))

    def _faulty(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # of all others `finished` tells
            process = self._release()
            if process:
                self._tell(process.errorString())
                process.deleteLater()

    def _give_up(self) -> None:
        self.stop()
        self._tell(tr("it did not listen in time"))

    def _tell(self, reason: str) -> None:
        template = "TensorBoard is not running: {reason}. Training is not concerned."
        self.failed.emit(UserError(template, reason=reason.rstrip(".")), False)


def _last_words(told: str) -> str:
    """What the command said of its end; its own mistakes are one line."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("workbench: ")]
    if ours:
        return ours[-1].removeprefix("workbench: ")
    return lines[-1] if lines else tr("it ended by itself")


class BoardButton(QToolButton):
    """Its state in the status bar; a click opens the browser once more."""

    def __init__(self, board: TensorBoard, parent: QWidget) -> None:
        super().__init__(parent)
        self._board = board
        named(self, "status.tensorboard", tr("TensorBoard"), tr("Open TensorBoard in the browser"))
        board.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        url = self._board.url
        address = url.removeprefix("http://").rstrip("/")
        text = tr("TensorBoard at {address}", address=address) if url else tr("TensorBoard starts…")
        self.setText(text)
        self.setAccessibleName(text)
        self.setEnabled(bool(url))
        self.setVisible(self._board.running)


class _Ending(QObject):
    """Ends TensorBoard with its window, before Qt destroys a process that runs."""

    def __init__(self, window: QWidget, board: TensorBoard) -> None:
        super().__init__(window)
        self._board = board
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            self._board.stop()
        return super().eventFilter(watched, event)


def tensorboard_rows(window: MainWindow) -> Iterator[Action]:
    """Open and stop TensorBoard."""
    board = TensorBoard(window)
    _Ending(window, board)
    board.failed.connect(window.tell_failure)
    button = BoardButton(board, window)
    window.statusBar().insertPermanentWidget(0, button)
    button.clicked.connect(lambda: board.open(window.session.settings.runs_dir))
    board.changed.connect(window.commands.refresh)
    yield Action(
        "run.tensorboard",
        "-Open Tensor&Board",
        "Run",
        lambda: board.open(window.session.settings.runs_dir),
        tip="All runs of the runs folder in the browser; on this machine alone, until you quit",
    )
    yield Action(
        "run.tensorboard_stop",
        "Sto&p TensorBoard",
        "Run",
        board.stop,
        tip="End TensorBoard; the runs keep what they have logged",
        enabled=lambda: board.running,
    )
