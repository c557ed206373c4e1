"""Projects in files: open, save, and never lose what is unsaved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from workbench.core.errors import UserError
from workbench.core.places import user_data
from workbench.core.project import Project, load_project, save_project
from workbench.ui import dialogs
from workbench.ui.autosave import forget, recovered_files
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

log = logging.getLogger(__name__)


class ProjectFiles:
    """What the File menu does to the window's document."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._recovered: Path | None = None

    def if_saved(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` once there is nothing unsaved, or the user does not mind."""
        document = self._window.session.document
        if not document.modified:
            go_on()
            return
        dialogs.ask_to_save(self._window, document.title, lambda: self.save(go_on), go_on)

    def open(self, path: Path) -> None:
        """Open a project file; the present project stays if it can't be read."""
        try:
            self._window.session.document.open(path)
        except UserError as error:
            if not path.exists():  # a fault of the disk or of its content may pass
                self._window.session.settings.forget_recent(path)
            self._window.tell_failure(error, False)
            return
        self._window.session.settings.add_recent(path)
        self._opened()

    def start(self, project: Project) -> None:
        """Begin a new project."""
        self._window.session.document.start(project)
        self._opened()

    def _opened(self) -> None:
        self._window.network.view.select([(0,)] if self._window.network.stack.steps else [])
        self._window.session.show_run_of_project()

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """Save to the document's file, or ask for one."""
        path = self._window.session.document.path
        if path:
            self._save_to(path, then)
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask for a file and save to it."""
        suggested = f"{self._window.session.document.title}.workbench"
        dialogs.ask_new_file(
            self._window,
            "dialog.save_as",
            tr("Save project"),
            dialogs.PROJECTS,
            suggested,
            lambda path: self._save_to(dialogs.project_path(path), then),
        )

    def _save_to(self, path: Path, then: Callable[[], None]) -> None:
        try:
            self._window.session.document.save(path)
        except UserError as error:
            self._window.tell_failure(error, False)
            return
        if self._recovered:
            forget(self._recovered)
            self._recovered = None
        self._window.session.settings.add_recent(path)
        self._window.session.said.emit(tr("Saved {path}.", path=path))
        then()

    def fill_recent(self, menu: QMenu) -> None:
        """List the projects that were opened or saved last."""
        menu.clear()
        for path in self._window.session.settings.recent:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(
                lambda _=False, path=path: self.if_saved(lambda: self.open(path))
            )
        if menu.isEmpty():
            menu.addAction(tr("No project was saved yet")).setEnabled(False)

    def keep_unsaved(self) -> None:
        """Write unsaved changes where the next start finds them."""
        document = self._window.session.document
        if document.modified:
            try:
                # a new name: an offer of before that nobody answered is not overwritten
                name = f"recovered-{datetime.now():%Y%m%d-%H%M%S-%f}.workbench"
                save_project(document.project, user_data() / name)
                if self._window.autosave:
                    self._window.autosave.forget()
            except UserError as error:
                log.error("%s", error)

    def offer_unsaved(self) -> None:
        """Offer the changes that the end of the last session left unsaved."""
        if recovered_files():
            self._window.banner.tell(
                tr("The last session was ended with unsaved changes."),
                tr("Open them"),
                self._recover,
                offer=True,
            )

    def _recover(self) -> None:
        path = recovered_files()[-1]
        try:
            project = load_project(path)
        except UserError as error:
            self._window.tell_failure(error, False)
            return
        self.if_saved(lambda: self._show_recovered(project, path))

    def _show_recovered(self, project: Project, path: Path) -> None:
        """The changes are in no file yet, so the project counts as changed."""
        self.start(project)
        self._window.session.document.undo_stack.resetClean()
        self._recovered = path  # the copy stays until the changes are in a file
