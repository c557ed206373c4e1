"""The user's own files: dropped anywhere on the window, chosen, or named by a pasted path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import DatasetRecognized, Event, Progress
from workbench.core.file_source import FileSource
from workbench.core.model import ModelSpec
from workbench.core.project import SUFFIX, Project
from workbench.engine.remote import Stream
from workbench.ui.data.arrays_question import ArraysQuestion
from workbench.ui.data.fitting import fits, fitted, suits_kind
from workbench.ui.data.question import Question
from workbench.ui.data.waiting import Waiting, Words
from workbench.ui.loading import SUFFIXES
from workbench.ui.panels.data import DataPanel
from workbench.ui.text import tr

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

    from workbench.ui.main_window import MainWindow


class Opening(QObject):
    """Finds out in a Job what a file or folder holds, asks what must be decided, and puts the
    project on it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._found: DatasetSpec | None = None
        self._waiting: Waiting | None = None
        self._made: ModelSpec | None = None
        self._left = ""
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent) and (paths := _dropped(event.mimeData())):
            event.acceptProposedAction()
            if not isinstance(event, QDragEnterEvent | QDragMoveEvent):
                self.open(paths[0])
                self._tell_left(paths)
            return True
        return super().eventFilter(watched, event)

    def _tell_left(self, paths: list[str]) -> None:
        """Say what of a drop is opened; it is said again where the data are."""
        if len(paths) > 1:
            told = {"count": len(paths), "name": Path(paths[0]).name}
            self._left = tr("Of {count} dropped files only {name} is opened.", **told)
            self._window.session.said.emit(self._left)

    def open_pasted(self) -> None:
        """Open the path that the clipboard holds."""
        mime = QGuiApplication.clipboard().mimeData()
        text = next(iter(_dropped(mime)), mime.text() if mime else "").strip().strip("\"'")
        path = Path(text.removeprefix("file://")).expanduser()
        if not text or "\n" in text or not path.is_absolute():
            told = UserError("The clipboard holds no path. Copy a file, a folder or its path.")
            self._window.tell_failure(told, False)
            return
        self.open(str(path))

    def open(self, path: Path | str) -> None:
        """Open a file or folder; a project is opened as a project, a model as a model."""
        path, self._left = Path(path), ""
        if path.suffix == SUFFIX:
            self._window.files.if_saved(lambda: self._window.files.open(path))
            return
        if path.suffix.lower() in SUFFIXES:
            self._window.loading.open(path)
            return
        stream = self._window.session.engines.remote("sources.recognize", str(path))
        self._start(path, stream, self._ask)

    def reload(self) -> None:
        """Read the project's data again; the user's own files as they are now."""
        session = self._window.session
        data = session.document.project.data
        if not isinstance(data, FileSource):
            session.look_at_data("describe.reload")
            return
        stream = session.engines.remote("sources.reopen", data)
        self._start(Path(data.name), stream, self._reopened)

    def _reopened(self, data: DatasetSpec) -> None:
        session = self._window.session
        project = session.document.project
        if data == project.data:
            session.look_at_data("describe.reload")
        else:
            session.document.edit(tr("Reload"), project.with_data(data))

    def _start(self, path: Path, stream: Stream, go_on: Callable[[DatasetSpec], None]) -> None:
        self.cancel()
        words = Words(
            tr("Open data"), tr("Opening {name}…", name=path.name), tr("Keep the present data")
        )
        waiting = Waiting(self._window, "dialog.opening", words, stream.stop)
        self._waiting, self._found = waiting, None
        self._window.session.start(
            stream,
            lambda events: self._told(waiting, events),
            lambda error: self._ended(waiting, path, error, go_on),
        )

    def cancel(self) -> None:
        """Give up what is being opened."""
        if self._waiting:
            self._waiting.cancel()

    def _told(self, waiting: Waiting, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Progress):
                waiting.tell(event)
            elif isinstance(event, DatasetRecognized) and waiting is self._waiting:
                self._found = event.data

    def _ended(
        self,
        waiting: Waiting,
        path: Path,
        error: Exception | None,
        go_on: Callable[[DatasetSpec], None],
    ) -> None:
        waiting.done()
        if waiting is not self._waiting:
            return
        self._waiting = None
        found, self._found = self._found, None
        if self._window.session.ending or waiting.cancelled:
            return
        if error and isinstance(error, UserError) and path.suffix.lower() == ".npz":
            self._ask_for_arrays(path, error)
        elif error:
            self._window.session.failed.emit(error, False)
        elif found:
            go_on(found)

    def _ask_for_arrays(self, path: Path, error: UserError) -> None:
        """Names may not say which arrays are inputs and targets: then a person does."""
        session = self._window.session

        def chosen(inputs: str, targets: str) -> None:
            stream = session.engines.remote("looking.arrays_as", str(path), inputs, targets)
            self._start(Path(path.name), stream, self._ask)

        ArraysQuestion(self._window, path, error, session, chosen)

    def _ask(self, data: DatasetSpec) -> None:
        if "target" in data.offers():  # what else can be decided has an answer to begin with
            Question(self._window, data, self._window.session, self.take).open()
        else:
            self.take(data)

    def take(self, data: DatasetSpec) -> None:
        """Put the project on `data`. A network that nobody has touched is fitted at once; for
        another the fitting is offered."""
        document = self._window.session.document
        before = document.project
        untouched = not document.modified or before.model == self._made
        project = before.with_data(data)
        keep = suits_kind(before, project)
        fitting = fitted(project, keep)
        at_once = fitting is not None and untouched and document.path is None
        if fitting and at_once:
            project = fitting[1]
            self._made = project.model
        self._put(data, project)
        if fitting and not at_once:
            self._offer(fitting[0], data, keep)

    def _put(self, data: DatasetSpec, project: Project) -> None:
        session = self._window.session
        title, loss = data.info().title, project.train.loss
        if loss != session.document.project.train.loss:
            said = tr("The loss is now {loss}, for this data.", loss=loss.kind)
        else:  # instead of how a run on other data ended
            said = tr("{name} is open.", name=title)
        session.said.emit(f"{said} {self._left}".strip())
        session.document.edit(tr("Choose {name}", name=title), project)
        self._show_samples()

    def _offer(self, label: str, data: DatasetSpec, keep: bool) -> None:
        document = self._window.session.document
        self._window.banner.tell(
            tr("{name} is open; the network does not fit it yet.", name=data.info().title),
            label,
            lambda: self._fit(keep),
            lambda: document.project.data == data and not fits(document.project),
            offer=True,
        )

    def _show_samples(self) -> None:
        panel = self._window.panels["data"]
        assert isinstance(panel, DataPanel)
        panel.show_part(panel.samples)

    def _fit(self, keep: bool) -> None:
        document = self._window.session.document
        fitting = fitted(document.project, keep)  # it may have changed since it was offered
        if fitting:
            document.edit(*fitting)
            self._made = document.project.model


def _dropped(mime: QMimeData | None) -> list[str]:
    """The local paths that a drag or the clipboard carries."""
    if mime is None:  # as of a clipboard that nothing was ever copied to
        return []
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
