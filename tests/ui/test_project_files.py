"""Projects in files, through the File menu and its dialogs: nothing that the user had is lost."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    answer,
    choose,
    choose_file,
    click,
    click_named,
    dialog,
    drawn,
    keys,
    pick,
    select,
    take,
    wait_gone,
)
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QListWidget,
    QMessageBox,
    QPushButton,
)
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.project import Project, load_project, save_project
from workbench.core.runs import Run
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow

Button = QMessageBox.StandardButton


def iris(**recipe: object) -> Project:
    project = Template.shelf["softmax_regression"].project()
    return project.replace(train=project.train.replace(**recipe))


def edit(qtbot: QtBot, window: MainWindow) -> Project:
    """Duplicate the first layer; gives the project that no file holds yet."""
    select(qtbot, window, 0)
    keys(qtbot, window.network.view, "Ctrl+D")
    assert window.session.document.modified
    assert window.isWindowModified()
    return window.session.document.project


def saved(window: MainWindow, path: Path) -> None:
    """See that the document is what the file holds."""
    assert load_project(path) == window.session.document.project
    assert window.session.document.path == path
    assert not window.isWindowModified()
    assert window.windowTitle() == f"{path.stem}[*] — Torch Workbench"


def gone(window: MainWindow, name: str) -> bool:
    return window.findChild(QDialog, name) is None


def test_a_project_is_saved_and_opened_again_with_its_run(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    window = open_window(past_run.project())
    assert window.windowTitle().startswith("Untitled")
    edit(qtbot, window)
    keys(qtbot, window, "Ctrl+Z")
    keys(qtbot, window, "Ctrl+S")  # a new project has no file yet, so it is asked for
    choose_file(qtbot, window, "dialog.save_as", tmp_path / "mine")
    saved(window, tmp_path / "mine.workbench")
    window.close()

    other = open_window()
    choose(qtbot, other, "file.open")
    choose_file(qtbot, other, "dialog.open", tmp_path / "mine.workbench")
    saved(other, tmp_path / "mine.workbench")
    assert other.session.document.project == past_run.project()
    qtbot.waitUntil(lambda: not other.session.busy, timeout=PATIENCE)
    drawn(qtbot, other)
    losses = [
        event["metrics"]["loss"]
        for event in map(json.loads, past_run.events_file.read_text().splitlines())
        if event["event"] == "StepCompleted"
    ]
    shown = other.panels["loss"].plot.raw.getOriginalDataset()[1]
    np.testing.assert_array_equal(shown, losses)
    gallery = other.panels["predictions"].pictures
    assert gallery.isVisible()
    assert gallery.model().rowCount() == 180
    assert past_run.name in other.findChild(QLabel, "status.run").text()
    (recent,) = (a for a in other.commands.menu("File").actions() if a.text() == "Open Recent")
    recent.menu().aboutToShow.emit()
    assert [action.text() for action in recent.menu().actions()] == ["mine.workbench"]


def test_a_recent_project_is_opened(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(iris())
    for name in ("one", "two"):
        choose(qtbot, window, "file.save_as")
        choose_file(qtbot, window, "dialog.save_as", tmp_path / f"{name}.workbench")
        edit(qtbot, window)
        keys(qtbot, window, "Ctrl+S")
        saved(window, tmp_path / f"{name}.workbench")
    menu = window.commands.menu("File/Open Recent")
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["two.workbench", "one.workbench"]
    pick(qtbot, menu, "one.workbench")
    saved(window, tmp_path / "one.workbench")
    (tmp_path / "two.workbench").unlink()
    pick(qtbot, menu, "two.workbench")
    assert window.banner.text.text().endswith("No such file or directory.")
    saved(window, tmp_path / "one.workbench")
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["one.workbench"]


WAYS = {"file.new": "dialog.new", "file.open": "dialog.open", "file.quit": ""}


@pytest.mark.parametrize("button", [Button.Save, Button.Discard, Button.Cancel])
@pytest.mark.parametrize("way", WAYS)
def test_unsaved_changes_are_asked_about(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, way: str, button: Button
) -> None:
    path = tmp_path / "mine.workbench"
    save_project(iris(), path)
    window = open_window(iris())
    window.session.document.open(path)
    changed = edit(qtbot, window)
    choose(qtbot, window, way)
    assert window.isVisible()
    answer(qtbot, window, "dialog.unsaved", button)
    assert load_project(path) == (changed if button is Button.Save else iris())
    assert window.session.document.project == changed
    goes_on = button is not Button.Cancel
    if way == "file.quit":
        qtbot.waitUntil(lambda: window.isVisible() is not goes_on)
    elif goes_on:
        dialog(qtbot, window, WAYS[way]).close()
        assert window.session.document.project == changed
    assert gone(window, "dialog.unsaved")
    assert window.session.document.modified == (button is not Button.Save)


def test_saving_on_the_way_out_asks_for_a_file_and_a_refusal_keeps_the_window(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    window = open_window(iris())
    changed = edit(qtbot, window)
    for target in (tmp_path / "file" / "below.workbench", tmp_path / "mine.workbench"):
        choose(qtbot, window, "file.quit")
        answer(qtbot, window, "dialog.unsaved", Button.Save)
        choose_file(qtbot, window, "dialog.save_as", target)
        if not target.exists():
            assert window.banner.text.text().startswith(f"{target} could not be written: ")
            assert window.isVisible()
            assert window.session.document.modified
    qtbot.waitUntil(lambda: not window.isVisible())
    assert load_project(tmp_path / "mine.workbench") == changed


def test_a_disk_that_refuses_loses_nothing(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    save_project(iris(), folder / "mine.workbench")
    window = open_window(iris())
    window.session.document.open(folder / "mine.workbench")
    changed = edit(qtbot, window)
    shutil.rmtree(folder)
    folder.write_text("pulled out")
    keys(qtbot, window, "Ctrl+S")
    assert "mine.workbench could not be written" in window.banner.text.text()
    assert window.banner.isVisible()
    assert window.isWindowModified()
    assert window.session.document.project == changed
    folder.unlink()
    keys(qtbot, window, "Ctrl+S")
    saved(window, folder / "mine.workbench")


def _newer(content: dict[str, object]) -> bytes:
    return json.dumps({**content, "version": 99, "model": {"graph": []}}).encode()


def _broken(content: dict[str, object]) -> bytes:
    content["model"]["layers"][0]["out_features"] = -3
    return json.dumps(content).encode()


BAD = {
    "corrupt": (lambda content: json.dumps(content).encode()[:-40], "is not valid JSON"),
    "binary": (lambda content: bytes(range(256)), "is not a text file in UTF-8"),
    "foreign": (lambda content: b'{"name": "left-pad"}', "is not a workbench project"),
    "newer": (_newer, "was saved by a newer Torch Workbench (format 99"),
    "hand-broken": (_broken, "model.layers[0].out_features must be at least"),
}


def test_a_bad_file_is_told_in_one_sentence_and_the_project_stays(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(Template.shelf["mlp"].project())
    before = window.session.document.project
    for name, (spoiled, told) in BAD.items():
        path = tmp_path / f"{name}.workbench"
        path.write_bytes(spoiled(json.loads(iris().to_json())))
        choose(qtbot, window, "file.open")
        choose_file(qtbot, window, "dialog.open", path)
        assert window.banner.isVisible(), name
        sentence = window.banner.text.text()
        assert sentence.startswith(str(path))
        assert told in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert window.session.document.project == before
        assert window.session.document.path is None
        assert window.session.settings.recent == []
        click_named(qtbot, window, "banner.close")


def test_a_new_project_is_made_from_a_template_and_data(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    keys(qtbot, window, "Ctrl+N")
    box = dialog(qtbot, window, "dialog.new")
    templates, data = box.findChild(QListWidget), box.findChild(QComboBox)
    titles = [templates.item(row).text().splitlines()[0] for row in range(templates.count())]
    assert titles == [template.title for template in Template.by_topic()]
    qtbot.waitUntil(templates.hasFocus)
    qtbot.keyClicks(templates, "Small C")
    assert templates.currentItem().text().startswith("Small CNN")
    assert data.currentText() == "Fashion-MNIST, small"
    take(qtbot, data, "Iris")
    create = next(b for b in box.findChildren(QPushButton) if b.text() == "Create")
    click(qtbot, create)
    told = box.findChild(QLabel, "dialog.new.told")
    assert told.property("fault")
    assert told.text() == (
        "Small CNN needs images; Iris is a table. Choose Multilayer perceptron (mlp)."
    )
    qtbot.keyClick(templates, Qt.Key.Key_Up)
    assert templates.currentItem().text().startswith("Linear regression")
    for _ in range(titles.index("Multilayer perceptron")):
        qtbot.keyClick(templates, Qt.Key.Key_Right)
    assert templates.currentItem().text().startswith("Multilayer perceptron")
    take(qtbot, data, "Iris")
    assert not told.property("fault")
    assert told.text() == "4 → 3 · 9,091 parameters · 8,896 multiply-adds · CrossEntropyLoss"
    click(qtbot, create)
    wait_gone(qtbot, box)
    wanted = Template.shelf["mlp"].project(DatasetSpec.named("Iris")())
    assert window.session.document.project == wanted
    assert not window.session.document.modified
    assert window.network.view.chosen() == [(0,)]


def test_closing_while_training_keeps_the_last_checkpoint(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(iris(epochs=100_000))
    steps: list[object] = []
    window.session.reported.connect(steps.extend)
    keys(qtbot, window, "F5")
    qtbot.waitUntil(lambda: len(steps) > 100, timeout=PATIENCE)
    run = window.session.run
    edit(qtbot, window)
    keys(qtbot, window, "Ctrl+Q")
    answer(qtbot, window, "dialog.unsaved", Button.Discard)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    assert window.session.state == "idle"
    assert not window.session.busy
    assert run.last.exists()
    last = json.loads(run.events_file.read_text().splitlines()[-1])
    assert last["event"] == "RunCompleted"
    assert last["reason"] == "stopped"


def test_unsaved_changes_survive_the_end_of_the_session(
    open_window: OpenWindow, qtbot: QtBot, home: Path, tmp_path: Path
) -> None:
    window = open_window(iris())
    changed = edit(qtbot, window)
    window.end()  # what SIGTERM calls
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    (kept,) = home.glob("recovered*.workbench")
    assert load_project(kept) == changed

    other = open_window()
    other.start()
    qtbot.waitUntil(lambda: not other.session.busy, timeout=PATIENCE)
    assert other.banner.isVisible()
    assert other.banner.text.text() == "The last session was ended with unsaved changes."
    click(qtbot, other.banner.button)
    assert other.session.document.project == changed
    assert other.session.document.modified
    keys(qtbot, other, "Ctrl+S")
    choose_file(qtbot, other, "dialog.save_as", tmp_path / "mine.workbench")
    saved(other, tmp_path / "mine.workbench")
    assert not kept.exists()


def test_a_project_opened_while_the_first_one_is_loading_is_the_one_shown(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "mine.workbench"
    save_project(past_run.project(), path)
    window = open_window()
    window.start()
    window.files.open(path)  # as the command line does, before the first data are there
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    assert window.session.run == past_run
    assert window.panels["predictions"].pictures.isVisible()
    assert window.session.data.described.sizes["train"] == 1455
    assert QApplication.activeModalWidget() is None
