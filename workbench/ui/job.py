"""`Job`: the one thread class. It pulls events out of a stream and reports them."""

from PySide6.QtCore import QObject, QThread, Signal

from workbench.engine.remote import Stream


class Job(QThread):
    """The worker thread of a training run, or of any other long thing.

    `reported` carries lists of events into the thread of whoever connects; `ended` comes once,
    with None or the exception that ended the work.
    """

    reported = Signal(object)
    ended = Signal(object)

    def __init__(self, stream: Stream, parent: QObject) -> None:
        super().__init__(parent)
        self.stream = stream

    def run(self) -> None:
        error: Exception | None = None
        try:
            for events in self.stream:
                self.reported.emit(events)
        except Exception as caught:  # an exception that left run() would only be printed
            error = caught
        self.ended.emit(error)
