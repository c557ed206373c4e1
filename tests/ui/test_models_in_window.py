"""The Model menu: what is saved in one window predicts the same in another, to the last bit."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from gestures import (
    LEFT,
    PATIENCE,
    OpenWindow,
    choose,
    choose_file,
    click_named,
    dialog,
    drawn,
    in_front_again,
    keys,
    wait_gone,
    widget,
)
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QRadioButton, QTableWidget, QWidget
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file
from torch import nn

from workbench.core.events import Event, PredictionsSaved
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow

WAYS = {
    "parameters": ("parameters.pt", "small_cnn"),
    "network": ("network.pt", "mlp"),
}


def on_the_data_of(run: Run, template: str) -> Project:
    project = Template.shelf[template].project(run.project().data)
    return project.replace(train=run.project().train)


def settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)


def save(qtbot: QtBot, window: MainWindow, way: str, path: Path) -> None:
    # once the last run is in view: its replay follows the description of the data
    qtbot.waitUntil(window.commands.actions["model.save"].isEnabled, timeout=PATIENCE)
    choose(qtbot, window, "model.save")
    ways = dialog(qtbot, window, "dialog.save_model")
    button = widget(ways, f"dialog.save_model.{way}")
    assert isinstance(button, QRadioButton)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert button.isChecked()
    click_named(qtbot, ways, "dialog.save_model.save")
    choose_file(qtbot, window, "dialog.save_model_file", path)
    settled(qtbot, window)
    assert window.statusBar().currentMessage() == f"Saved {path}."


@pytest.mark.parametrize("way", WAYS)
def test_a_saved_model_predicts_the_same_in_a_fresh_window(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path, way: str
) -> None:
    name, template = WAYS[way]
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    save(qtbot, window, way, tmp_path / name)
    before = np.load(past_run.predictions("test", 3))
    held = [before[each].copy() for each in ("probabilities", "targets", "losses")]
    model = past_run.project().model
    project = on_the_data_of(past_run, template)
    window.close()
    shutil.rmtree(past_run.folder)  # nothing but the file is left of the run

    other = open_window(project)
    other.start()
    settled(qtbot, other)
    assert not other.commands.actions["model.save"].isEnabled()
    events: list[Event] = []
    other.session.reported.connect(events.extend)
    choose(qtbot, other, "model.load")
    choose_file(qtbot, other, "dialog.load_model", tmp_path / name)
    qtbot.waitUntil(
        lambda: {e.split for e in events if isinstance(e, PredictionsSaved)} == {"val", "test"},
        timeout=PATIENCE,
    )
    settled(qtbot, other)
    saved = {event.split: event for event in events if isinstance(event, PredictionsSaved)}
    after = np.load(other.session.run.folder / saved["test"].path)
    for array, each in zip(held, ("probabilities", "targets", "losses"), strict=True):
        np.testing.assert_array_equal(after[each], array)
    assert other.session.document.project.model == model
    assert other.panels["predictions"].pictures.isVisible()
    assert other.commands.actions["model.save"].isEnabled()
    if way == "network":
        keys(qtbot, other, "Ctrl+Z")
        assert other.session.document.project == project
        assert not other.commands.actions["model.save"].isEnabled()


def test_parameters_are_those_of_the_best_checkpoint_for_torch_and_safetensors(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    save(qtbot, window, "parameters", tmp_path / "w.pt")
    save(qtbot, window, "parameters", tmp_path / "w.safetensors")
    best = torch.load(past_run.best, weights_only=True)["model"]
    for found in (
        torch.load(tmp_path / "w.pt", weights_only=True),
        load_file(tmp_path / "w.safetensors"),
    ):
        assert found.keys() == best.keys()
        assert all(torch.equal(found[name], best[name]) for name in best)


def test_an_edit_of_the_network_puts_the_model_away_and_undo_brings_it_back(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run
) -> None:
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    actions = window.commands.actions
    assert actions["model.save"].isEnabled()
    window.network.view.setFocus()
    keys(qtbot, window.network.view, "Ctrl+D")
    for name in ("model.save", "run.continue"):
        assert not actions[name].isEnabled()
    keys(qtbot, window.network.view, "Ctrl+Z")
    for name in ("model.save", "run.continue"):
        assert actions[name].isEnabled()


def test_a_file_that_is_no_model_is_told_in_a_sentence(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    before, run = window.session.document.project, window.session.run
    path = tmp_path / "letter.pt"
    path.write_text("Dear Sir or Madam")
    choose(qtbot, window, "model.load")
    choose_file(qtbot, window, "dialog.load_model", path)
    settled(qtbot, window)
    assert window.banner.isVisible()
    assert str(path) in window.banner.text.text()
    assert window.session.document.project == before
    assert window.session.run == run
    assert window.commands.actions["model.save"].isEnabled()


def test_a_bundle_opens_as_a_ready_model_with_its_own_project(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    save(qtbot, window, "bundle", tmp_path / "digits.pt")
    held = np.load(past_run.predictions("test", 3))["probabilities"].copy()
    project = past_run.project()
    window.close()
    shutil.rmtree(past_run.folder)

    other = open_window()  # the working example: other data, another network
    other.start()
    settled(qtbot, other)
    events: list[Event] = []
    other.session.reported.connect(events.extend)
    choose(qtbot, other, "model.load")
    choose_file(qtbot, other, "dialog.load_model", tmp_path / "digits.pt")
    qtbot.waitUntil(
        lambda: {e.split for e in events if isinstance(e, PredictionsSaved)} == {"val", "test"},
        timeout=PATIENCE,
    )
    settled(qtbot, other)
    assert other.session.document.project == project
    assert other.session.document.modified, "it is in no project file yet"
    saved = {event.split: event for event in events if isinstance(event, PredictionsSaved)}
    after = np.load(other.session.run.folder / saved["test"].path)["probabilities"]
    np.testing.assert_array_equal(after, held)
    assert other.commands.actions["model.save"].isEnabled()


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    middle = window.rect().center()
    QApplication.sendEvent(window, QDragEnterEvent(middle, copy, mime, LEFT, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), copy, mime, LEFT, none))


def parameters_of(window: MainWindow) -> dict[str, torch.Tensor]:
    assert window.session.weights
    found: dict[str, torch.Tensor] = torch.load(window.session.weights, weights_only=True)["model"]
    return found


def test_a_dropped_file_that_fits_in_part_is_reported_and_loaded_in_part(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    window.start()
    settled(qtbot, window)
    held = torch.load(past_run.best, weights_only=True)["model"]
    out, wide = held["fc1.weight"].shape
    theirs = {f"module.{name}": value + 1 for name, value in held.items()}
    del theirs["module.fc1.bias"]
    theirs["module.fc1.weight"] = torch.ones(3, 5)
    theirs["module.more"] = torch.ones(2)
    torch.save({"state_dict": theirs, "epoch": 9}, tmp_path / "theirs.ckpt")

    drop(window, tmp_path / "theirs.ckpt")
    qtbot.waitUntil(lambda: bool(window.findChildren(QWidget, "dialog.fit")), timeout=PATIENCE)
    box = dialog(qtbot, window, "dialog.fit")
    table = widget(box, "dialog.fit.table")
    assert isinstance(table, QTableWidget)
    rows = [[table.item(row, place).text() for place in range(4)] for row in range(3)]
    assert rows == [
        ["fc1.bias", "–", str(out), "○ missing in the file"],
        ["more", "2", "–", "+ in the file only"],
        ["fc1.weight", "3 × 5", f"{out} × {wide}", "≠ another shape"],
    ]
    note = widget(box, "dialog.fit.note")
    assert isinstance(note, QLabel)
    assert "module. was taken off" in note.text()
    assert window.session.weights == past_run.best, "nothing is taken before it is wanted"
    click_named(qtbot, box, "dialog.fit.load")
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)
    settled(qtbot, window)
    assert window.statusBar().currentMessage() == "Loaded theirs.ckpt: its predictions are shown."
    came = parameters_of(window)
    for name, value in held.items():
        taken = torch.equal(came[name], value + 1)
        assert taken != name.startswith("fc1."), name


class Strange(nn.Module):
    """A class that no other program has."""

    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Linear(64, 10)


def test_a_network_of_a_strange_class_gives_its_parameters(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    project = on_the_data_of(past_run, "softmax_regression")
    window = open_window(project)
    window.start()
    settled(qtbot, window)
    net = Strange()
    torch.save(net, tmp_path / "strange.pt")
    drop(window, tmp_path / "strange.pt")
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert "Strange, which is no layer of the catalogue" in window.banner.text.text()
    click_named(qtbot, window, "banner.button")
    settled(qtbot, window)
    assert torch.equal(parameters_of(window)["fc1.weight"], net.only.weight)
    assert window.session.document.project == project
