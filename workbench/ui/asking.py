"""`Asking`: a question to the engine, of which only the latest is answered."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import UserError
from workbench.core.events import Event, Progress
from workbench.engine.remote import Stream
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr


class Asking(QObject):
    """Asks the engine in a Job; a new question stops the one before it."""

    changed = Signal()
    """It began, told how far it is, or ended; `doing` and `fault` say what is to be seen."""

    def __init__(
        self, session: Session, on_event: Callable[[Event], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._on_event = session, on_event
        self._stream: Stream | None = None
        self.doing: Progress | None = None
        self.fault = ""

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._stream is not None

    def ask(self, function: str, *arguments: Any) -> None:
        """Ask `workbench.engine.<function>(*arguments)`."""
        self.stop()
        stream = self._session.engines.remote(function, *arguments)
        self._stream, self.fault = stream, ""
        self.doing = Progress(text="Loading")
        self._session.start(
            stream,
            lambda events: self._told(stream, events),
            lambda error: self._ended(stream, error),
        )
        self.changed.emit()

    def stop(self) -> None:
        """Ask no more."""
        if self._stream:
            self._stream.stop()
            self._stream = self.doing = None
            self.changed.emit()

    def text(self) -> str:
        """How far it is, or what went wrong; empty if there is nothing to say."""
        if not self.doing:
            return self.fault
        share = f" {self.doing.done / self.doing.total:.0%}" if self.doing.total else ""
        return tr(self.doing.text) + "…" + share

    def _told(self, stream: Stream, events: list[Event]) -> None:
        if stream is not self._stream:
            return
        for event in events:
            if isinstance(event, Progress):
                self.doing = event
            else:
                self._on_event(event)
        self.changed.emit()

    def _ended(self, stream: Stream, error: Exception | None) -> None:
        if stream is not self._stream:
            return
        self._stream = self.doing = None
        if isinstance(error, UserError):
            self.fault = sentence(error)
        elif error:
            self._session.failed.emit(error, False)
        self.changed.emit()
