"""The rows of the menus: what can be done in the window; File, Edit and Model here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.places import weights_dir
from workbench.ui import dialogs
from workbench.ui.actions import Action
from workbench.ui.commands_network import network_rows
from workbench.ui.commands_run import data_rows, help_rows, run_rows, view_rows
from workbench.ui.exporting import export_model
from workbench.ui.loading import FILTERS
from workbench.ui.new_dialog import NewDialog
from workbench.ui.runs.commands import runs_rows
from workbench.ui.save_dialog import SaveDialog
from workbench.ui.tensorboard import tensorboard_rows
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow


def rows(window: MainWindow) -> Iterator[Action]:
    """Every command of the window, in the order of the menus."""
    yield from _file(window)
    yield from _edit(window)
    yield from network_rows(window)
    yield from _model(window)
    yield from data_rows(window)
    yield from run_rows(window)
    yield from runs_rows(window)
    yield from tensorboard_rows(window)
    yield from view_rows(window)
    yield from help_rows(window)


def _file(window: MainWindow) -> Iterator[Action]:
    def new() -> None:
        session = window.session
        present = session.document.project.data
        NewDialog(window, session.theme, present, window.files.start).open()

    def open_() -> None:
        title = tr("Open project")
        dialogs.ask_file(window, "dialog.open", title, dialogs.PROJECTS, window.files.open)

    yield Action(
        "file.new",
        "&New…",
        "File",
        lambda: window.files.if_saved(new),
        "Ctrl+N",
        "Start a project from a template",
    )
    yield Action("file.open", "&Open…", "File", lambda: window.files.if_saved(open_), "Ctrl+O")
    yield Action(
        "file.open_data",
        "Open &Data…",
        "File",
        lambda: dialogs.ask_data_file(
            window, "dialog.open_data", tr("Open data"), Path.home(), window.opening.open
        ),
        "Ctrl+Shift+D",
        "Train on a file of your own; or drop it on the window",
    )
    yield Action(  # this row puts the menu in its place; it is filled when it opens
        "file.recent",
        "No project was saved yet",
        "File/Open Recent",
        lambda: None,
        enabled=lambda: False,
    )
    yield Action("file.save", "-&Save", "File", lambda: window.files.save(), "Ctrl+S")
    yield Action(
        "file.save_as", "Save &As…", "File", lambda: window.files.save_as(), "Ctrl+Shift+S"
    )
    yield Action("file.quit", "-&Quit", "File", window.close, "Ctrl+Q")


def _edit(window: MainWindow) -> Iterator[Action]:
    network, stack = window.network, window.session.document.undo_stack

    def chosen() -> bool:
        return bool(network.view.chosen())

    def removable() -> bool:
        return chosen() or bool(network.view.chosen_stacks())

    yield Action("edit.undo", "&Undo", "Edit", stack.undo, "Ctrl+Z", enabled=stack.canUndo)
    yield Action("edit.redo", "&Redo", "Edit", stack.redo, "Ctrl+Shift+Z", enabled=stack.canRedo)
    for name, text, run, keys, enabled in (
        ("cut", "-Cu&t Layers", network.edits.cut, "Ctrl+X", chosen),
        ("copy", "&Copy Layers", network.edits.copy, "Ctrl+C", chosen),
        ("paste", "&Paste Layers", network.edits.paste, "Ctrl+V", None),
        ("duplicate", "&Duplicate Layers", network.edits.duplicate, "Ctrl+D", chosen),
        ("delete", "De&lete Layers", network.edits.remove, "Del", removable),
        ("select_all", "-Select &All Layers", network.view.selectAll, "Ctrl+A", None),
    ):
        # their keys work in the network only: in a table, Del must not remove layers
        yield Action(f"edit.{name}", text, "Edit", run, keys, enabled=enabled, within=network.view)


def _model(window: MainWindow) -> Iterator[Action]:
    session = window.session

    yield Action(
        "model.save",
        "&Save…",
        "Model",
        lambda: SaveDialog(window).open(),
        tip="Write the model in hand: as a bundle, its parameters, or the whole network",
        enabled=lambda: session.weights is not None,
    )
    yield Action(
        "model.export",
        "&Export…",
        "Model",
        lambda: export_model(window),
        "Ctrl+Shift+E",
        "As ONNX, torch.export or plain Python, with the preparation inside",
        enabled=lambda: session.weights is not None,
    )
    yield Action(
        "model.load",
        "-&Load…",
        "Model",
        lambda: dialogs.ask_file(
            window, "dialog.load_model", tr("Load model"), FILTERS, window.loading.open
        ),
        "Ctrl+Shift+O",
        "Take a bundle, parameters or a whole network from a file; or drop it on the window",
        enabled=lambda: session.state == "idle",
    )
    yield from _weights(window)


def _weights(window: MainWindow) -> Iterator[Action]:
    def download() -> None:
        names = ", ".join(sorted({layer.kind for layer in window.models.backbones()}))
        dialogs.ask_to_download(
            window,
            tr("the ImageNet weights of {names}", names=names),
            weights_dir(),
            window.models.download_weights,
        )

    yield Action(
        "model.download",
        "-&Download Weights…",
        "Model",
        download,
        tip="Fetch the published weights that the network's backbones start from; asks first",
        enabled=lambda: bool(window.models.backbones()),
    )
