"""Predictions and confusion of a run, held against its files and scikit-learn."""

import re
from pathlib import Path

import numpy as np
import pytest
from gestures import PATIENCE, OpenWindow, click, drawn, take
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot
from sklearn.metrics import confusion_matrix

from workbench.core.data import DatasetSpec
from workbench.core.runs import Run, create_run
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow
from workbench.ui.pictures import CAPTION, IMAGE


class Kept:
    """What the run folder keeps of a split's predictions, read by hand."""

    def __init__(self, run: Run, split: str) -> None:
        held = np.load(run.predictions(split, 3))
        self.targets, self.losses = held["targets"], held["losses"]
        self.sure = held["probabilities"].max(1)
        self.predicted = held["probabilities"].argmax(1)
        self.wrong = self.predicted != self.targets

    def worst_first(self) -> list[int]:
        return sorted(range(len(self.wrong)), key=lambda i: (not self.wrong[i], -self.losses[i]))


@pytest.fixture
def window(open_window: OpenWindow, qtbot: QtBot, past_run: Run) -> MainWindow:
    window = open_window(past_run.project())
    window.start()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    return window


def shown(window: MainWindow) -> list[int]:
    """The numbers of the samples in the gallery, in its order."""
    gallery = window.panels["predictions"].pictures.model()
    tips = [
        gallery.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in range(gallery.rowCount())
    ]
    return [int(re.match(r"Sample (\d+)\n", tip)[1]) for tip in tips]


def counts(window: MainWindow) -> NDArray[np.int64]:
    """The confusion matrix as its cells tell it."""
    model = window.panels["confusion"].table.model()
    cells = [
        [int(model.index(row, column).data() or 0) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]
    return np.array(cells)


def cell(window: MainWindow, actual: int, predicted: int) -> QModelIndex:
    return window.panels["confusion"].table.model().index(actual, predicted)


def choose_entry(qtbot: QtBot, window: MainWindow, name: str, text: str) -> None:
    take(qtbot, window.findChild(QComboBox, name), text)
    drawn(qtbot, window)


def test_the_gallery_puts_the_worst_first(window: MainWindow, past_run: Run) -> None:
    test = Kept(past_run, "test")
    assert 0 < test.wrong.sum() < len(test.wrong) / 5
    assert shown(window) == test.worst_first()
    panel = window.panels["predictions"]
    assert panel.pictures.isVisible()
    assert panel.split.currentText() == "Test"
    assert panel.info.text() == f"{test.wrong.sum()} of {len(test.wrong)} wrong"


def test_a_picture_tells_prediction_actual_class_and_probability(
    window: MainWindow, past_run: Run
) -> None:
    test, gallery = Kept(past_run, "test"), window.panels["predictions"].pictures.model()
    samples = past_run.project().data.load()["test"]
    colors = window.session.theme.colors
    for row, sample in enumerate(test.worst_first()):
        index = gallery.index(row)
        said = index.data(Qt.ItemDataRole.AccessibleTextRole)
        percent = f"{100 * test.sure[sample]:.0f} %"
        assert said == (
            f"predicted {test.predicted[sample]} ({percent}), actual {test.targets[sample]}"
        )
        first, second = index.data(CAPTION)
        assert first[0] == f"{test.predicted[sample]} {percent}"
        assert first[1] == (colors.bad if test.wrong[sample] else colors.good)
        assert second[0] == (f"≠ {test.targets[sample]}" if test.wrong[sample] else "")
        image = index.data(IMAGE)
        lit = samples.inputs[sample, 0].astype(float) * 255 / 16
        grey = [[image.pixelColor(x, y).red() for x in range(8)] for y in range(8)]
        np.testing.assert_allclose(grey, lit, atol=1)


def test_the_confusion_matrix_is_scikit_learns(window: MainWindow, past_run: Run) -> None:
    test = Kept(past_run, "test")
    np.testing.assert_array_equal(counts(window), confusion_matrix(test.targets, test.predicted))


def test_a_click_on_a_cell_shows_exactly_its_samples(
    window: MainWindow, qtbot: QtBot, past_run: Run
) -> None:
    test, table = Kept(past_run, "test"), window.panels["confusion"].table
    panel = window.panels["predictions"]
    first_wrong = test.worst_first()[0]
    cells = [(3, 3), (int(test.targets[first_wrong]), int(test.predicted[first_wrong]))]
    for actual, predicted in cells:
        click(qtbot, table, table.visualRect(cell(window, actual, predicted)).center())
        drawn(qtbot, window)
        chosen = (test.targets == actual) & (test.predicted == predicted)
        assert set(shown(window)) == set(np.flatnonzero(chosen))
        assert panel.info.text() == f"{chosen.sum()} × {actual}, predicted {predicted}"
    qtbot.keyClick(table, Qt.Key.Key_Home)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    drawn(qtbot, window)
    row, column = table.currentIndex().row(), table.currentIndex().column()
    chosen = (test.targets == row) & (test.predicted == column)
    assert set(shown(window)) == set(np.flatnonzero(chosen))
    click(qtbot, panel.all)
    drawn(qtbot, window)
    assert shown(window) == test.worst_first()
    assert not panel.all.isVisible()
    assert not table.selectionModel().hasSelection()


def test_split_and_order_are_chosen(window: MainWindow, qtbot: QtBot, past_run: Run) -> None:
    choose_entry(qtbot, window, "predictions.split", "Validation")
    val = Kept(past_run, "val")
    assert shown(window) == val.worst_first()
    np.testing.assert_array_equal(counts(window), confusion_matrix(val.targets, val.predicted))
    choose_entry(qtbot, window, "predictions.sort", "Least sure first")
    assert shown(window) == np.argsort(val.sure, kind="stable").tolist()
    choose_entry(qtbot, window, "predictions.sort", "In order")
    assert shown(window) == list(range(len(val.targets)))
    choose_entry(qtbot, window, "predictions.split", "Test")
    assert shown(window) == list(range(len(Kept(past_run, "test").targets)))


def test_predictions_of_other_data_are_not_shown(window: MainWindow, qtbot: QtBot) -> None:
    project = window.session.document.project
    other = project.replace(data=DatasetSpec.named("Digits")(split_seed=1))
    window.session.document.edit("", other)
    drawn(qtbot, window)
    for name in ("predictions", "confusion"):
        button = window.findChild(QWidget, f"{name}.act")
        assert button.isVisible()
        assert button.text() == "Train"
    window.commands.actions["edit.undo"].trigger()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    assert window.panels["predictions"].pictures.isVisible()


def test_many_long_classes_are_numbered_above_the_matrix(open_window: OpenWindow) -> None:
    table = open_window().panels["confusion"].table
    model, across, down = table.model(), Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    for kind, above, beside in (
        ("FashionMNISTSmall", "9", "9  Ankle boot"),
        ("Digits", "9", "9"),
        ("Iris", "virginica", "virginica"),
    ):
        classes = DatasetSpec.named(kind)().info().classes
        model.show(np.eye(len(classes), dtype=int), classes)
        last = len(classes) - 1
        assert (model.headerData(last, across), model.headerData(last, down)) == (above, beside)
        assert model.headerData(last, across, Qt.ItemDataRole.ToolTipRole) == classes[last]


def test_predictions_of_series_are_shown(
    open_window: OpenWindow, qtbot: QtBot, engines: Engines, tmp_path: Path, home: Path
) -> None:
    """Series have no row of numbers that could stand beside a prediction; their table is drawn all
    the same."""
    for place, label in enumerate(("walk", "run")):
        (tmp_path / "moves" / label).mkdir(parents=True)
        for number in range(12):
            lines = [f"{place + step / 9},{number}" for step in range(6)]
            (tmp_path / "moves" / label / f"{number}.csv").write_text("\n".join(["x,y", *lines]))
    *_, (*_, told) = engines.remote("sources.recognize", tmp_path / "moves")
    project = Template.shelf["mlp"].project(told.data)
    project = project.replace(train=project.train.replace(epochs=1))
    run = create_run(project, home / "runs")
    for _ in engines.remote("sinks.train", project, run.folder):
        pass
    window = open_window(run.project())
    window.start()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    panel = window.panels["predictions"]
    assert panel.table.isVisible()
    model = panel.table.model()
    assert (model.rowCount(), model.columnCount()) == (told.data.info().sizes["val"], 3)
    assert {model.index(0, 1).data()} <= {"walk", "run"}
