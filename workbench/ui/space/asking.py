"""Questions to the model in hand, also while a run trains it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.project import Project
from workbench.ui.job import Job
from workbench.ui.session import Session
from workbench.ui.text import sentence


def model_in_hand(session: Session) -> tuple[Project, Path] | None:
    """The project and the checkpoint of the model in hand: while a run trains, the last one that it
    kept, which follows it at the pace that a disk can bear."""
    run, project, present = session.run, session.run_project, session.document.project
    if session.state != "idle" and run and project and run.last.exists():
        return (project, run.last) if project.data == present.data else None
    weights = session.weights
    return (present, weights) if weights else None


class Asking:
    """One question at a time: of those that come in between, the last one counts.

    It goes to an idle engine process, so that neither a run nor the window waits for it.
    """

    def __init__(
        self,
        session: Session,
        on_events: Callable[[list[Event]], None],
        on_fault: Callable[[str], None],
    ) -> None:
        self._session, self._on_events, self._on_fault = session, on_events, on_fault
        self._job: Job | None = None
        self._next: tuple[Any, ...] | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._job is not None

    def ask(self, function: str, *arguments: Any) -> None:
        """Ask `workbench.engine.<function>(*arguments)`, now or behind the one at work."""
        if self._session.ending:
            return
        if self._job:
            self._next = (function, *arguments)
            return
        stream = self._session.engines.remote(function, *arguments)
        self._job = self._session.start(stream, self._on_events, self._ended)

    def stop(self) -> None:
        """Give the question up that is at work."""
        self._next = None
        if self._job:
            self._job.stream.stop()

    def _ended(self, error: Exception | None) -> None:
        self._job = None
        if isinstance(error, UserError):
            self._on_fault(sentence(error))
        elif error:
            self._session.failed.emit(error, False)
        waiting, self._next = self._next, None
        if waiting:
            self.ask(*waiting)
