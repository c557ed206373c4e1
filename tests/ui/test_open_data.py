"""The user's own files: dropped, pasted and chosen, until the network learns from them."""

import io
from pathlib import Path

import numpy as np
import pytest
from gestures import (
    LEFT,
    PATIENCE,
    OpenWindow,
    append,
    choose_file,
    click,
    click_named,
    in_front_again,
    keys,
    take,
    wait_gone,
    widget,
)
from own_data import photograph, write_flowers, write_photographs
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QTableWidget, QWidget
from pytestqt.qtbot import QtBot
from work import work

from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, RunCompleted
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow

PHOTOGRAPHS = {"disc": 24, "square": 24, "stripes": 24}


def drop_file(target: QWidget, *paths: Path) -> None:
    """What the platform sends when files are dragged over a widget and let go there."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy = target.rect().center(), Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(at, copy, mime, LEFT, none))
    QApplication.sendEvent(target, QDropEvent(QPointF(at), copy, mime, LEFT, none))


def asked(qtbot: QtBot, window: MainWindow, name: str) -> QWidget:
    """Wait for a dialog, which the engine may have to be started for."""
    qtbot.waitUntil(lambda: window.findChild(QWidget, name) is not None, timeout=PATIENCE)
    return widget(window, name)


def data_of(window: MainWindow) -> DatasetSpec:
    return window.session.document.project.data


def opened(qtbot: QtBot, window: MainWindow, title: str) -> None:
    """Wait until data of this name are open, loaded and checked."""
    qtbot.waitUntil(lambda: data_of(window).info().title == title, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert window.session.data.error is None
    in_front_again(qtbot, window)


def trained(qtbot: QtBot, window: MainWindow, epochs: int) -> RunCompleted:
    """Train by the key, and give how it ended."""
    told: list[object] = []
    window.session.reported.connect(told.extend)
    document = window.session.document
    train = document.project.train.replace(epochs=epochs, lr=0.005, batch_size=16)
    document.edit("recipe", document.project.replace(train=train))
    keys(qtbot, window, "F5")
    qtbot.waitUntil(lambda: window.session.state == "idle" and bool(told), timeout=PATIENCE)
    assert sum(isinstance(event, EpochCompleted) for event in told) == epochs
    (end,) = (event for event in told if isinstance(event, RunCompleted))
    return end


def test_a_folder_of_photographs_is_dropped_and_learned(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    folder = write_photographs(tmp_path / "shapes", PHOTOGRAPHS)
    drop_file(window.network.view.viewport(), folder)
    opened(qtbot, window, "shapes")
    info = data_of(window).info()
    assert info.classes == tuple(PHOTOGRAPHS)
    assert info.shape == (3, 24, 32)
    project = window.session.document.project
    assert project.model.layers[-1].out_features == 3
    assert project.train.loss.kind == "CrossEntropyLoss"
    end = trained(qtbot, window, 6)
    assert end.reason == "completed"
    assert end.test["accuracy"] > 0.5


def test_of_several_dropped_files_it_is_said_that_one_is_opened(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window, said = open_window(), []
    window.session.said.connect(said.append)
    folders = [write_photographs(tmp_path / name, {"a": 6, "b": 6}) for name in ("one", "two")]
    drop_file(window, *folders)
    left = "Of 2 dropped files only one is opened."
    assert said == [left]
    opened(qtbot, window, "one")
    assert f"one is open. {left}" in said
    drop_file(window, folders[1])
    opened(qtbot, window, "two")
    assert said[-1] == "two is open."


def test_sequences_with_a_table_of_targets_ask_which_is_predicted(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window, folder = open_window(), tmp_path / "moves"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.csv").write_text(f"a,b\n{number},1\n{number},2\n", "utf-8")
    rows = "".join(f"{number},{'xy'[number % 2]},{number / 8}\n" for number in range(20))
    (folder / "labels.csv").write_text(f"file,way,speed\n{rows}", "utf-8")
    drop_file(window.panels["data"], folder)
    box = asked(qtbot, window, "dialog.question")
    target = widget(box, "dialog.question.form.target")
    assert isinstance(target, QComboBox)
    take(qtbot, target, "way")
    click_named(qtbot, box, "dialog.question.open")
    opened(qtbot, window, "moves")
    assert data_of(window).info().classes == ("x", "y")


def test_a_table_is_asked_whether_its_first_row_is_a_header(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window, file = open_window(), tmp_path / "codes.csv"
    file.write_text("5,1,7\n" + "".join(f"{n},{n * n},{n % 2}\n" for n in range(40)), "utf-8")
    drop_file(window.panels["data"], file)
    box = asked(qtbot, window, "dialog.question")
    header, target = (widget(box, f"dialog.question.form.{name}") for name in ("header", "target"))
    assert isinstance(header, QComboBox)
    assert isinstance(target, QComboBox)
    assert target.currentText() == "column 3"
    take(qtbot, header, "yes")
    qtbot.waitUntil(lambda: widget(box, "dialog.question.form.target").currentText() == "7")
    qtbot.waitUntil(lambda: box.findChild(QPushButton, "dialog.question.open").isEnabled())
    click_named(qtbot, box, "dialog.question.open")
    opened(qtbot, window, "codes.csv")
    data = data_of(window)
    assert data.info().features == ("1",), "the other one only counts the rows"
    assert sum(data.info().sizes.values()) == 40


def test_a_table_is_dropped_asks_for_its_target_and_is_learned(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    drop_file(window.panels["data"], write_flowers(tmp_path / "flowers.csv"))
    box = asked(qtbot, window, "dialog.question")
    target = widget(box, "dialog.question.form.target")
    assert isinstance(target, QComboBox)
    assert target.currentText() == "species"
    columns = box.findChild(QTableWidget)
    rows = [[columns.item(row, place).text() for place in range(4)] for row in range(5)]
    assert rows[0] == ["id", "number", "150", "0"]
    assert rows[2][0::3] == ["width", "6"]
    assert rows[4][1] == "category"
    qtbot.waitUntil(lambda: columns.item(4, 6) is not None, timeout=PATIENCE)
    assert [columns.item(4, place).text() for place in (4, 5, 6)] == [
        "setosa",
        "versicolor",
        "virginica",
    ]
    told = widget(box, "dialog.question.told")
    assert "species is predicted: 3 classes" in told.text()
    take(qtbot, target, "length")
    qtbot.waitUntil(lambda: "length is predicted: a number" in told.text())
    take(qtbot, target, "species")
    click_named(qtbot, box, "dialog.question.open")
    wait_gone(qtbot, box)
    opened(qtbot, window, "flowers.csv")
    window.session.document.project.check()
    assert data_of(window).info().classes == ("setosa", "versicolor", "virginica")
    end = trained(qtbot, window, 8)
    assert end.test["accuracy"] > 0.8


def test_columns_can_be_left_out(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window()
    window.opening.open(write_flowers(tmp_path / "flowers.csv"))
    box = asked(qtbot, window, "dialog.question")
    columns = box.findChild(QTableWidget)
    ticked = [columns.item(row, 0).checkState() for row in range(5)]
    on, off = Qt.CheckState.Checked, Qt.CheckState.Unchecked
    assert ticked[:4] == [off, on, on, on]  # a row number is not learned from
    columns.setCurrentCell(3, 0)
    columns.setFocus()
    keys(qtbot, columns, "Space")
    click_named(qtbot, box, "dialog.question.open")
    wait_gone(qtbot, box)
    opened(qtbot, window, "flowers.csv")
    assert data_of(window).info().features == ("length", "width")


def test_a_network_that_somebody_made_is_fitted_only_when_asked(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(Template.shelf["small_cnn"].project())
    append(qtbot, window, "Dropout")
    before = window.session.document.project
    drop_file(window, write_photographs(tmp_path / "shapes", PHOTOGRAPHS))
    opened(qtbot, window, "shapes")
    assert window.session.document.project.model == before.model
    assert "does not fit" in window.banner.text.text()
    click(qtbot, window.banner.button)
    window.session.document.project.check()
    assert any(layer.kind == "Dropout" for layer in window.session.document.project.model.layers)
    keys(qtbot, window, "Ctrl+Z")
    keys(qtbot, window, "Ctrl+Z")
    assert window.session.document.project == before
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def test_a_pasted_path_and_the_file_dialog_open_the_same(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    first = write_photographs(tmp_path / "first", PHOTOGRAPHS)
    second = write_flowers(tmp_path / "second.csv")
    QGuiApplication.clipboard().setText(f'"{first}"\n')
    keys(qtbot, window, "Ctrl+Shift+V")
    opened(qtbot, window, "first")
    keys(qtbot, window, "Ctrl+Shift+D")
    choose_file(qtbot, window, "dialog.open_data", second)
    box = asked(qtbot, window, "dialog.question")
    keys(qtbot, box, "Escape")
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)
    assert data_of(window).info().title == "first"
    QGuiApplication.clipboard().setText("no path at all")
    keys(qtbot, window, "Ctrl+Shift+V")
    assert "no path" in window.banner.text.text()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def test_what_can_not_be_opened_is_told_and_changes_nothing(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    before = window.session.document.project
    file = tmp_path / "notes.xyz"
    file.write_bytes(b"nothing that anybody knows")
    drop_file(window, file)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert str(file) in window.banner.text.text()
    assert window.session.document.project == before
    assert not window.session.document.modified


def test_files_that_changed_are_read_anew_by_reload(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    folder = write_photographs(tmp_path / "shapes", PHOTOGRAPHS)
    window.opening.open(folder)
    opened(qtbot, window, "shapes")
    write_photographs(folder, {"more": 12}, seed=1)
    window.commands.actions["data.reload"].trigger()
    qtbot.waitUntil(lambda: len(data_of(window).info().classes) == 4, timeout=PATIENCE)
    opened(qtbot, window, "shapes")
    keys(qtbot, window, "Ctrl+Z")  # the old facts no longer fit the files
    qtbot.waitUntil(lambda: window.session.data.error is not None, timeout=PATIENCE)
    assert "has changed" in str(window.session.data.error)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


@pytest.fixture(scope="module")
def many_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20,000 small PNG files in two folders."""
    held = io.BytesIO()
    Image.fromarray(photograph(0, np.random.default_rng(0))[:4, :4]).save(held, "png")
    folder = tmp_path_factory.mktemp("many")
    for name in ("a", "b"):
        (folder / name).mkdir()
        for number in range(10_000):
            (folder / name / f"{number}.png").write_bytes(held.getvalue())
    return folder


def test_listing_many_files_is_told_can_be_ended_and_never_holds_the_window(
    open_window: OpenWindow, qtbot: QtBot, many_files: Path
) -> None:
    window = open_window()
    before = window.session.document.project
    drop_file(window, many_files)
    box = asked(qtbot, window, "dialog.opening")
    text = widget(box, "dialog.opening.text")

    def listed() -> None:
        qtbot.waitUntil(lambda: "20,000" in text.text(), timeout=PATIENCE)

    assert work(listed) < 20_000, "the window does nothing for each file"
    qtbot.waitUntil(box.isVisible)
    click_named(qtbot, box, "dialog.opening.cancel")
    wait_gone(qtbot, box)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert window.session.document.project == before
    assert not window.banner.isVisible()


def test_arrays_whose_names_say_nothing_are_chosen(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    kinds = np.arange(120) % 3
    samples = (draw.normal(size=(120, 4)) + kinds[:, None]).astype(np.float32)
    file = tmp_path / "lab.npz"
    np.savez(file, first=kinds, second=samples, third=draw.normal(size=(120, 4)))
    window = open_window()
    drop_file(window, file)
    box = asked(qtbot, window, "dialog.arrays")
    qtbot.waitUntil(box.isVisible, timeout=PATIENCE)
    inputs, targets = (widget(box, f"dialog.arrays.{name}") for name in ("inputs", "targets"))
    assert [inputs.itemData(place) for place in range(inputs.count())] == [
        "first",
        "second",
        "third",
    ]
    assert [targets.itemData(place) for place in range(targets.count())] == ["first"]
    inputs.setFocus()
    inputs.setCurrentIndex(1)
    click_named(qtbot, box, "dialog.arrays.open")
    wait_gone(qtbot, box)
    opened(qtbot, window, "lab.npz")
    window.session.document.project.check()
    assert (data_of(window).inputs, data_of(window).targets) == ("second", "first")
    assert data_of(window).info().classes == ("0", "1", "2")
    assert trained(qtbot, window, 3).reason == "completed"


def test_a_damaged_file_of_arrays_is_told(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    (tmp_path / "lab.npz").write_bytes(b"PK\x03\x04 and nothing more")
    drop_file(window, tmp_path / "lab.npz")
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert "lab.npz" in window.banner.text.text()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.findChild(QWidget, "dialog.arrays") is None)
