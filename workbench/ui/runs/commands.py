"""The rows of the menu Run > Runs: what can be done with the runs that are selected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.run_list import ListedRun
from workbench.ui import dialogs
from workbench.ui.actions import Action
from workbench.ui.panels.runs import RunsPanel
from workbench.ui.runs.reading import Trashed, trashed
from workbench.ui.text import tr
from workbench.ui.work import Work

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

MENU = "Run/Runs"


class RunDeeds:
    """What the commands do."""

    def __init__(self, window: MainWindow, panel: RunsPanel) -> None:
        self._window, self._panel = window, panel
        self._session = window.session

    def one(self) -> ListedRun | None:
        """The run that is selected alone."""
        chosen = self._panel.view.chosen()
        return chosen[0] if len(chosen) == 1 else None

    def _with_one(self, deed: Callable[[ListedRun], None]) -> None:
        run = self.one()
        if not run:
            return
        try:
            deed(run)
        except UserError as error:
            self._window.tell_failure(error, False)

    def openable(self) -> bool:
        """Whether a run can be shown now."""
        run = self.one()
        return run is not None and run.summary is not None and self._session.state == "idle"

    def resumable(self) -> bool:
        """Whether training of the selected run can go on."""
        run = self.one()
        return run is not None and run.resumable and self._session.state == "idle"

    def deletable(self) -> bool:
        """Whether the selected runs can be put into the trash: none of them is at work."""
        chosen = self._panel.view.chosen()
        return bool(chosen) and all(run.status != "running" for run in chosen)

    def show(self) -> None:
        """Bring the panel to the front."""
        self._panel.dock.show()
        self._panel.dock.raise_()
        self._panel.view.setFocus()

    def open(self) -> None:
        """Show the run as if it were live."""
        if self.openable():
            self._with_one(lambda run: self._session.open_run(run.run))

    def resume(self) -> None:
        """Show the run, then go on with it."""

        def go_on(run: ListedRun) -> None:
            self._session.open_run(run.run, self._session.training.resume)

        self._with_one(go_on)

    def duplicate(self) -> None:
        """Begin a new project with that of the run."""

        def start(run: ListedRun) -> None:
            project = run.run.project()
            self._window.files.if_saved(lambda: self._window.files.start(project))

        self._with_one(start)

    def folder(self) -> None:
        """Open the run's folder in the system's file browser."""
        run = self.one()
        if run:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.run.folder)))

    def ask_to_delete(self) -> None:
        """Ask, then move the selected runs into the trash."""
        chosen = self._panel.view.chosen()
        if not self.deletable():
            return
        question = (
            tr("Move {run} to the trash?", run=chosen[0].title)
            if len(chosen) == 1
            else tr("Move {number} runs to the trash?", number=len(chosen))
        )
        told = tr("Their folders go with checkpoints, curves and predictions.")
        dialogs.ask_to_trash(
            self._window, "dialog.delete_runs", question, told, lambda: self._delete(chosen)
        )

    def _delete(self, chosen: list[ListedRun]) -> None:
        self._session.start(Work(trashed([run.run for run in chosen])), self._gone)

    def _gone(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Trashed):
                self._panel.forget(event.run.name)
                self._session.said.emit(tr("{run} is in the trash.", run=event.run.name))
                if event.run == self._session.run:
                    self._session.show_run(None)


def runs_rows(window: MainWindow) -> Iterator[Action]:
    """Show the panel; open, resume, copy, name and delete runs."""
    panel = window.panels["runs"]
    assert isinstance(panel, RunsPanel)
    deeds, view = RunDeeds(window, panel), panel.view
    view.open_wanted.connect(deeds.open)
    view.delete_wanted.connect(deeds.ask_to_delete)

    def alone() -> bool:
        return deeds.one() is not None

    yield Action(
        "runs.show",
        "-Compare &Runs",
        "Run",
        deeds.show,
        "Ctrl+R",
        "All runs in a table; the curves and settings of several side by side",
    )
    yield Action(
        "runs.open",
        "&Open",
        MENU,
        deeds.open,
        tip="Show the selected run as if it were live (Enter in the table)",
        enabled=deeds.openable,
        within=view,
    )
    yield Action(
        "runs.resume",
        "&Resume",
        MENU,
        deeds.resume,
        tip="Go on with the selected run from its last checkpoint",
        enabled=deeds.resumable,
        within=view,
    )
    for name, text, run, keys, tip, enabled in (
        (
            "duplicate",
            "-&Duplicate as New Project",
            deeds.duplicate,
            "Ctrl+Shift+N",
            "Begin a project with the network, data and recipe of the selected run",
            alone,
        ),
        ("folder", "Open &Folder", deeds.folder, "", "See its files", alone),
        (
            "rename",
            "-Re&name",
            lambda: view.edit_field("name"),
            "F2",
            "Give the selected run a name of your own; its folder keeps its own",
            alone,
        ),
        (
            "tags",
            "Edit &Tags",
            lambda: view.edit_field("tags"),
            "Ctrl+T",
            "Words by which runs can be found, with commas between them",
            alone,
        ),
        (
            "notes",
            "Edit &Notes",
            lambda: view.edit_field("notes"),
            "Ctrl+E",
            "Whatever is to be remembered of the selected run",
            alone,
        ),
        (
            "delete",
            "-Move to &Trash…",
            deeds.ask_to_delete,
            "",  # in the network, Del is taken
            "Put the folders of the selected runs into the trash (Del in the table); asks first",
            deeds.deletable,
        ),
    ):
        yield Action(f"runs.{name}", text, MENU, run, keys, tip, enabled=enabled, within=view)
    yield Action(
        "runs.refresh",
        "-Look &Again",
        MENU,
        panel.refresh,
        tip="List the runs folder anew, with what other programs did there",
    )
