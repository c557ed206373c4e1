"""The rows of the menus: what can be done in the window."""

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
from workbench.core.template import Template
from workbench.ui import dialogs
from workbench.ui.actions import Action
from workbench.ui.layouts import arrange
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

WEIGHTS = "PyTorch (*.pt *.pth);;safetensors (*.safetensors)"
MODELS = "Models (*.pt *.pth *.safetensors);;All files (*)"


def rows(window: MainWindow) -> Iterator[Action]:
    """Every command of the window, in the order of the menus."""
    yield from _file(window)
    yield from _edit(window)
    yield from _network(window)
    yield from _model(window)
    yield from _data(window)
    yield from _run(window)
    yield from _view(window)
    yield from _help(window)


def _file(window: MainWindow) -> Iterator[Action]:
    def new() -> None:
        dialogs.NewDialog(window, window.new_project).open()

    def open_() -> None:
        title = tr("Open project")
        dialogs.ask_file(window, "dialog.open", title, dialogs.PROJECTS, window.open_project)

    yield Action(
        "file.new",
        "&New…",
        "File",
        lambda: window.if_saved(new),
        "Ctrl+N",
        "Start a project from a template",
    )
    yield Action("file.open", "&Open…", "File", lambda: window.if_saved(open_), "Ctrl+O")
    yield Action("file.save", "-&Save", "File", lambda: window.save(), "Ctrl+S")
    yield Action("file.save_as", "Save &As…", "File", lambda: window.save_as(), "Ctrl+Shift+S")
    yield Action("file.quit", "-&Quit", "File", window.close, "Ctrl+Q")


def _edit(window: MainWindow) -> Iterator[Action]:
    network, stack = window.network, window.session.document.undo_stack

    def chosen() -> bool:
        return bool(network.chosen())

    yield Action("edit.undo", "&Undo", "Edit", stack.undo, "Ctrl+Z", enabled=stack.canUndo)
    yield Action("edit.redo", "&Redo", "Edit", stack.redo, "Ctrl+Shift+Z", enabled=stack.canRedo)
    yield Action("edit.cut", "-Cu&t Layers", "Edit", network.cut, "Ctrl+X", enabled=chosen)
    yield Action("edit.copy", "&Copy Layers", "Edit", network.copy, "Ctrl+C", enabled=chosen)
    yield Action("edit.paste", "&Paste Layers", "Edit", network.paste, "Ctrl+V")
    yield Action(
        "edit.duplicate", "&Duplicate Layers", "Edit", network.duplicate, "Ctrl+D", enabled=chosen
    )
    yield Action(
        "edit.delete", "De&lete Layers", "Edit", lambda: network.remove(), "Del", enabled=chosen
    )
    yield Action("edit.select_all", "-Select &All", "Edit", window.select_all, "Ctrl+A")


def _network(window: MainWindow) -> Iterator[Action]:
    network, find = window.network, window.palette_panel.search

    def add() -> None:
        window.palette_panel.show()
        find.setFocus()
        find.selectAll()

    def chosen() -> bool:
        return bool(network.chosen())

    def faulty() -> bool:
        return any(step.fault for step in network.stack.steps)

    yield Action("network.add", "&Add Layer…", "Network", add, "Ctrl+L", "Find a layer to add")
    yield Action(
        "network.up", "-Move &Up", "Network", lambda: network.shift(-1), "Alt+Up", enabled=chosen
    )
    yield Action(
        "network.down",
        "Move &Down",
        "Network",
        lambda: network.shift(1),
        "Alt+Down",
        enabled=chosen,
    )
    yield Action(
        "network.fix",
        "-&Fix First Problem",
        "Network",
        network.fix_first,
        "Ctrl+.",
        "Mend the first faulty layer by its first fix",
        enabled=faulty,
    )
    for template in Template.shelf.values():
        yield Action(
            f"network.template.{template.name}",
            template.title,
            "Network/New from Template",
            lambda template=template: window.if_saved(  # type: ignore[misc]
                lambda: window.new_project(template.project())
            ),
            tip=template.summary,
        )


def _model(window: MainWindow) -> Iterator[Action]:
    session = window.session

    def save(title: str, filters: str, suffix: str, write: object) -> None:
        name = f"{session.document.title}{suffix}"
        dialogs.ask_new_file(window, "dialog.save_model", title, filters, name, write)  # type: ignore[arg-type]

    def trained() -> bool:
        return session.weights is not None

    yield Action(
        "model.save_parameters",
        "Save &Parameters…",
        "Model",
        lambda: save(tr("Save parameters"), WEIGHTS, ".pt", session.save_parameters),
        tip="The weights only, as a state_dict",
        enabled=trained,
    )
    yield Action(
        "model.save_network",
        "Save Whole &Network…",
        "Model",
        lambda: save(
            tr("Save whole network"), "PyTorch (*.pt)", ".network.pt", session.save_network
        ),
        tip="Layers and weights, as a standard nn.Sequential",
        enabled=trained,
    )
    yield Action(
        "model.load",
        "-&Load…",
        "Model",
        lambda: dialogs.ask_file(
            window, "dialog.load_model", tr("Load model"), MODELS, session.load_model
        ),
        "Ctrl+Shift+O",
        "Take parameters or a whole network from a file, and see its predictions",
        enabled=lambda: session.state == "idle",
    )


def _data(window: MainWindow) -> Iterator[Action]:
    session = window.session

    def present() -> DatasetSpec:
        return session.document.project.data

    def download() -> None:
        data = present()
        folder = getattr(data, "folder", Path())
        dialogs.ask_to_download(
            window, data, folder, lambda: session.look_at_data("describe.download")
        )

    def use_folder(folder: Path) -> None:
        project = session.document.project
        data = present().replace(root=str(folder))
        session.document.edit(tr("Choose folder"), project.replace(data=data))

    for kind in DatasetSpec.choices().values():
        yield Action(
            f"data.choose.{kind.__name__}",
            kind.title,
            "Data/Choose",
            lambda kind=kind: session.choose_data(kind()),  # type: ignore[misc]
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
        "data.reload", "&Reload", "Data", lambda: session.look_at_data(), tip="Read the data again"
    )


def _run(window: MainWindow) -> Iterator[Action]:
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
        session.said.emit(tr("Runs are kept in {folder} from now on.", folder=folder))

    yield Action("run.train", "&Train", "Run", session.train, "F5", enabled=idle)
    yield Action(
        "run.pause",
        "&Pause",
        "Run",
        session.pause,
        "F6",
        enabled=lambda: session.state == "running",
    )
    yield Action(
        "run.resume",
        "R&esume",
        "Run",
        session.go_on,
        "F7",
        enabled=lambda: session.state == "paused",
    )
    yield Action(
        "run.stop",
        "&Stop",
        "Run",
        session.stop,
        "Shift+F5",
        "Stop after the present step; the last checkpoint is kept",
        enabled=lambda: session.state in ("running", "paused"),
    )
    yield Action(
        "run.continue",
        "-Train &Further",
        "Run",
        lambda: session.train(session.weights),
        tip="A new run that starts from the weights of the model in hand",
        enabled=lambda: idle() and session.weights is not None,
    )
    yield Action(
        "run.resume_run",
        "&Resume Last Run",
        "Run",
        session.resume_run,
        tip="Go on with the shown run from its last checkpoint",
        enabled=lambda: idle() and session.run is not None and session.run.last.exists(),
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


def _view(window: MainWindow) -> Iterator[Action]:
    session = window.session

    def use(mode: str) -> None:
        session.settings.theme = mode
        session.theme.use(mode)

    for number, name in enumerate(("build", "train", "evaluate"), 1):
        yield Action(
            f"view.layout.{name}",
            name.capitalize(),
            "View/Layout",
            lambda name=name: arrange(window, window.panels, name),  # type: ignore[misc]
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


def _help(window: MainWindow) -> Iterator[Action]:
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
