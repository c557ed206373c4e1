"""`Replay`: a run of the past says again what it said, into the same panels as a live one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.core.errors import told_again
from workbench.core.events import Event, RunCompleted, RunStarted
from workbench.core.runs import Run
from workbench.engine.remote import Stream
from workbench.ui.job import Job

if TYPE_CHECKING:
    from workbench.ui.session import Session

After = Callable[[], None]


class Replay:
    """The replay of the run that is shown, while it lasts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._job: Job | None = None
        self._afterwards: list[After] = []
        self._ending: RunCompleted | None = None

    def start(self, run: Run, then: After | None = None) -> None:
        """Replay a run; `then` follows if that went well and no other run was shown meanwhile."""
        self.stop()
        self._ending = None
        stream = self._session.engines.remote("sinks.replay", run.folder)
        self._job = self._session.start(
            stream,
            lambda events: self._told(stream, events),
            lambda error: self._ended(stream, error, then),
        )

    def stop(self) -> None:
        """What is still to come of it is not shown."""
        if self._job:
            self._job.stream.stop()
        self._job = None

    def afterwards(self, then: After) -> None:
        """Call `then` once the replay is over, however it ends; at once if there is none."""
        if self._job:
            self._afterwards.append(then)
        else:
            then()

    def _told(self, stream: Stream, events: list[Event]) -> None:
        if self._job and self._job.stream is stream:
            for event in events:
                if isinstance(event, RunStarted | RunCompleted):  # it may have gone on since
                    self._ending = event if isinstance(event, RunCompleted) else None
            self._session.run_said(events)

    def tell_failure(self) -> None:
        """Tell why the run failed, if it did, with the way out that there was."""
        if self._ending and self._ending.fault:
            error = told_again(self._ending.fault, self._ending.kind)
            self._session.failed.emit(error, False)

    def _ended(self, stream: Stream, error: Exception | None, then: After | None) -> None:
        if error:
            self._session.failed.emit(error, False)
        if self._job and self._job.stream is stream:
            self._job = None
            if then and not error:
                then()
        afterwards, self._afterwards = self._afterwards, []
        for each in afterwards:
            each()
