"""`Job`: the one thread class. It pulls events out of a stream and reports them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from workbench.core.events import Event
from workbench.engine.remote import Stream
from workbench.ui.work import Work


class Job(QThread):
    """The worker thread of a training run, or of any other long thing.

    `reported` carries lists of events into the thread of whoever connects; `ended` comes once,
    with None or the exception that ended the work.
    """

    reported = Signal(object)
    ended = Signal(object)

    def __init__(self, stream: Stream | Work, parent: QObject) -> None:
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


class Jobs(QObject):
    """Starts jobs, and knows which of them are at work."""

    failed = Signal(object, bool)
    """An exception to be told, and whether the run can be resumed."""
    all_ended = Signal()
    """The last job has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs: set[Job] = set()
        self.ending = False

    def start(
        self,
        stream: Stream | Work,
        on_events: Callable[[list[Event]], None],
        on_end: Callable[[Exception | None], None] | None = None,
    ) -> Job:
        """Run a stream in a Job; both callbacks are called in the window's thread."""
        # Here, in the window's thread and before there is another: were a job's thread to import
        # it by unpickling arrays while a panel does too, either could find a numpy half there.
        import numpy  # noqa: F401

        job = Job(stream, self)
        self._jobs.add(job)
        job.reported.connect(on_events)
        job.ended.connect(on_end or self._told_if_failed)
        job.finished.connect(lambda: self._job_gone(job))
        job.start()
        return job

    def _job_gone(self, job: Job) -> None:
        self._jobs.discard(job)
        job.deleteLater()  # not upon `finished`: this slot could be lost with the job
        if not self._jobs:
            self.all_ended.emit()

    @property
    def busy(self) -> bool:
        """Whether any job is at work."""
        return bool(self._jobs)

    def stop_all(self) -> None:
        """Ask every job to end, and start no more of those that follow on another."""
        self.ending = True
        for job in self._jobs:
            job.stream.stop()

    def wait_all(self) -> None:
        """Wait for the threads, once they are asked to end."""
        self.stop_all()
        for job in self._jobs.copy():
            job.wait()

    def _told_if_failed(self, error: Exception | None) -> None:
        if error:
            self.failed.emit(error, False)
