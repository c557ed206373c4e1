"""The rows of the menus Data, Run, View and Help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from workbench import __version__
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.places import log_file
from workbench.core.runs import Run
from workbench.ui import dialogs
from workbench.ui.actions import Action
from workbench.ui.layouts import arrange
from workbench.ui.lr_finder import find_lr
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow


def data_rows(window: MainWindow) -> Iterator[Action]:
    """Choose, download and reload data."""
    session = window.session

    def present() -> DatasetSpec:
        return session.document.project.data

    def download() -> None:
        data = present()
        folder = getattr(data, "folder", Path())
        dialogs.ask_to_download(
            window, data.title, folder, lambda: session.look_at_data("describe.download")
        )

    def use_folder(folder: Path) -> None:
        project = session.document.project
        data = present().replace(root=str(folder))
        session.document.edit(tr("Choose folder"), project.replace(data=data))

    def ask(folder: bool) -> None:
        ask_path = dialogs.ask_folder if folder else dialogs.ask_data_file
        name, title = "dialog.open_data", tr("Open data")
        ask_path(window, name, title, Path.home(), window.opening.open)

    yield Action(
        "data.open_file",
        "Open &File…",
        "Data",
        lambda: ask(folder=False),
        tip="Train on a table, an array or another file of your own; or drop it on the window",
    )
    yield Action(
        "data.open_folder",
        "Open Fol&der…",
        "Data",
        lambda: ask(folder=True),
        tip="Train on a folder of your own, such as one of images; or drop it on the window",
    )
    yield Action(
        "data.open_pasted",
        "Open &Pasted Path",
        "Data",
        window.opening.open_pasted,
        "Ctrl+Shift+V",
        "Train on the file or folder whose path was copied",
    )
    for kind in DatasetSpec.offered().values():
        yield Action(
            f"data.choose.{kind.__name__}",
            kind.title,
            "Data/Choose",
            lambda kind=kind: window.opening.take(kind()),  # type: ignore[misc]
            tip=kind.summary,
            checked=lambda kind=kind: type(present()) is kind,  # type: ignore[misc]
        )
    yield Action(
        "data.download",
        "-&Download…",
        "Data",
        download,
        tip="Fetch the files of the chosen data from the internet; asks first",
        enabled=lambda: present().downloadable,
    )
    yield Action(
        "data.folder",
        "Choose &Folder…",
        "Data",
        lambda: dialogs.ask_folder(
            window, "dialog.data_folder", tr("Folder of the data"), Path.home(), use_folder
        ),
        tip="Read the files of the chosen data from another folder",
        enabled=lambda: present().downloadable,
    )
    yield Action(
        "data.reload",
        "&Reload",
        "Data",
        window.opening.reload,
        tip="Read the data again",
    )


def run_rows(window: MainWindow) -> Iterator[Action]:
    """Train, pause, stop, resume, and the runs of the past."""
    session = window.session

    def idle() -> bool:
        return session.state == "idle"

    def open_run(folder: Path) -> None:
        try:
            session.open_run(Run(folder))
        except UserError as error:
            window.tell_failure(error, False)

    def use_runs(folder: Path) -> None:
        session.settings.runs_dir = folder
        window.runs.refresh_if_seen()
        session.said.emit(tr("Runs are kept in {folder} from now on.", folder=folder))

    yield Action("run.train", "&Train", "Run", window.train, "F5", enabled=idle)
    yield Action(
        "run.pause",
        "&Pause",
        "Run",
        session.training.pause,
        "F6",
        enabled=lambda: session.state == "running",
    )
    yield Action(
        "run.resume",
        "R&esume",
        "Run",
        session.training.go_on,
        "F7",
        enabled=lambda: session.state == "paused",
    )
    yield Action(
        "run.stop",
        "&Stop",
        "Run",
        session.training.stop,
        "Shift+F5",
        "Stop after the present step; the last checkpoint is kept",
        enabled=lambda: session.state in ("running", "paused"),
    )
    yield Action(
        "run.continue",
        "-Train &Further",
        "Run",
        lambda: session.training.begin(session.weights),
        tip="A new run that starts from the weights of the model in hand",
        enabled=lambda: idle() and session.weights is not None,
    )
    yield Action(
        "run.resume_run",
        "&Resume Last Run",
        "Run",
        session.training.resume,
        tip="Go on with the shown run from its last checkpoint",
        enabled=lambda: idle() and session.run is not None and session.run.last.exists(),
    )
    yield Action(
        "run.find_lr",
        "Find &lr…",
        "Run",
        lambda: find_lr(window),
        tip="Train a copy at a growing lr, and see where the loss falls",
        enabled=idle,
    )
    yield Action(
        "run.open",
        "-&Open Run…",
        "Run",
        lambda: dialogs.ask_folder(
            window, "dialog.open_run", tr("Open run"), session.settings.runs_dir, open_run
        ),
        tip="Show a run of the past as if it were live",
        enabled=idle,
    )
    yield Action(
        "run.folder",
        "Choose Runs &Folder…",
        "Run",
        lambda: dialogs.ask_folder(
            window, "dialog.runs_dir", tr("Runs folder"), session.settings.runs_dir, use_runs
        ),
        tip="Where the folders of runs are kept",
    )


def view_rows(window: MainWindow) -> Iterator[Action]:
    """Layouts, themes and the search for commands."""
    session = window.session

    def use(mode: str) -> None:
        session.settings.theme = mode
        session.theme.use(mode)

    for number, name in enumerate(("build", "train", "evaluate"), 1):
        yield Action(
            f"view.layout.{name}",
            name.capitalize(),
            "View/Layout",
            lambda name=name: arrange(window, window.docks, name),  # type: ignore[misc]
            f"Ctrl+{number}",
            f"Arrange the panels to {name}",
        )
    for mode, title in (("system", "Like the system"), ("light", "Light"), ("dark", "Dark")):
        yield Action(
            f"view.theme.{mode}",
            title,
            "View/Theme",
            lambda mode=mode: use(mode),  # type: ignore[misc]
            checked=lambda mode=mode: session.theme.mode == mode,  # type: ignore[misc]
        )
    yield Action(
        "view.search",
        "&Search Commands",
        "View",
        lambda: window.run_bar.search.setFocus(),
        "Ctrl+Shift+P",
    )


def help_rows(window: MainWindow) -> Iterator[Action]:
    """Keys, log and about."""

    def shortcuts() -> None:
        lines = [
            f"<tr><td>{action.text().replace('&', '')}&nbsp;&nbsp;</td>"
            f"<td><b>{action.shortcut().toString()}</b></td></tr>"
            for action in window.commands.actions.values()
            if not action.shortcut().isEmpty()
        ]
        text = "<table>" + "".join(lines) + "</table>"
        dialogs.tell(window, "dialog.shortcuts", tr("Keyboard shortcuts"), text)

    def about() -> None:
        text = tr("<b>Torch Workbench {version}</b><br>Neural networks, seen.", version=__version__)
        dialogs.tell(window, "dialog.about", tr("About"), text)

    yield Action("help.shortcuts", "&Keyboard Shortcuts", "Help", shortcuts, "F1")
    yield Action(
        "help.log",
        "Open the &Log",
        "Help",
        lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file()))),
        tip="What the program noted, for reports of faults",
    )
    yield Action("help.about", "-&About", "Help", about)
    yield Action("help.about_qt", "About &Qt", "Help", QApplication.aboutQt)
