"""`Document`: the open project, its path and its undo stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from workbench.core.project import Project, load_project, save_project
from workbench.core.spec import told
from workbench.ui.text import tr


class Document(QObject):
    """Holds the one Project that the window edits; every edit can be undone."""

    changed = Signal(object, object)
    """(project, the one before it)"""
    renamed = Signal()
    """The path or the unsaved mark changed."""
    refused = Signal(object)
    """An edit went beyond what a project can be; with the UserError that says how."""

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.path: Path | None = None
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.renamed)

    @property
    def modified(self) -> bool:
        """Whether there are changes that no file holds."""
        return not self.undo_stack.isClean()

    @property
    def title(self) -> str:
        """The file's name without its ending, or `Untitled`."""
        return self.path.stem if self.path else tr("Untitled")

    def edit(self, label: str, project: Project) -> None:
        """Make `project` the present one, as an edit that can be undone."""
        if project != self.project:
            self.undo_stack.push(_Edit(self, label, self.project, project))

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """For making a network and editing with it: one out of bounds is told, nothing changes."""
        try:
            yield
        except ValidationError as error:
            self.refused.emit(told(error, tr("The network")))

    def show(self, project: Project) -> None:
        """Make `project` the present one; for the undo stack."""
        before, self.project = self.project, project
        self.changed.emit(project, before)

    def start(self, project: Project, path: Path | None = None) -> None:
        """Begin anew with a project, which counts as saved."""
        self.undo_stack.clear()
        self.path = path
        self.show(project)
        self.renamed.emit()

    def open(self, path: Path) -> None:
        """Begin anew with the project in a file.

        Raises:
            UserError: it can't be read; the present project stays open.
        """
        self.start(load_project(path), path)

    def save(self, path: Path) -> None:
        """Write the project, and remember its path.

        Raises:
            UserError: the disk refused; the file there is unchanged, and so is the document.
        """
        save_project(self.project, path)
        self.path = path
        self.undo_stack.setClean()
        self.renamed.emit()


class _Edit(QUndoCommand):
    """The project before and after an edit."""

    def __init__(self, document: Document, label: str, before: Project, after: Project) -> None:
        super().__init__(label)
        self._document, self._before, self._after = document, before, after

    def redo(self) -> None:
        self._document.show(self._after)

    def undo(self) -> None:
        self._document.show(self._before)
