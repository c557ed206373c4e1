"""The tabs of the Data panel: samples, columns, preparation, split and check, by mouse and key."""

from pathlib import Path

import numpy as np
import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    choose,
    click,
    click_named,
    drawn,
    in_front_again,
    keys,
    take,
    type_over,
)
from numpy.typing import NDArray
from own_data import write_flowers, write_photographs
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from test_open_data import drop_file, opened

from workbench.core.data import DatasetSpec
from workbench.core.template import Template
from workbench.core.transform import TransformSpec
from workbench.ui.data.columns import COLUMN
from workbench.ui.main_window import MainWindow
from workbench.ui.panels.data import DataPanel
from workbench.ui.pictures import IMAGE, picture


def loaded(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def panel_of(qtbot: QtBot, window: MainWindow, title: str = "Samples") -> DataPanel:
    """The panel, turned to a tab by a click."""
    panel = window.panels["data"]
    assert isinstance(panel, DataPanel)
    loaded(qtbot, window)
    (index,) = (i for i, part in enumerate(panel.parts) if part.title == title)
    assert panel.tabs.isTabVisible(index)
    click(qtbot, panel.tabs, panel.tabs.tabRect(index).center())
    loaded(qtbot, window)
    return panel


def pixels(image: QImage) -> NDArray[np.uint8]:
    return np.frombuffer(image.constBits(), np.uint8)


@pytest.fixture
def digits(open_window: OpenWindow, qtbot: QtBot) -> MainWindow:
    window = open_window(Template.shelf["small_cnn"].project(DatasetSpec.named("Digits")()))
    choose(qtbot, window, "data.reload")
    return window


def data_of(window: MainWindow) -> DatasetSpec:
    return window.session.document.project.data


def kinds(window: MainWindow) -> list[str]:
    return [transform.kind for transform in data_of(window).prepare]


def test_samples_are_told_once_whatever_is_done_to_them_and_anew_where_they_are_others(
    digits: MainWindow, qtbot: QtBot
) -> None:
    session = digits.session
    loaded(qtbot, digits)
    before, mean = dict(session.data.samples), session.data.described.mean
    data = data_of(digits)

    def put(other: DatasetSpec) -> None:
        session.document.edit("data", session.document.project.replace(data=other))
        loaded(qtbot, digits)

    put(data.replace(prepare=[{"type": "Resize", "size": 7}, {"type": "CenterCrop", "size": 4}]))
    assert session.data.described.mean != mean
    for split, held in session.data.samples.items():
        assert held is before[split]
    put(data.replace(split_seed=5))
    assert not np.array_equal(session.data.samples["val"].inputs, before["val"].inputs)
    assert np.array_equal(session.data.samples["val"].inputs, data_of(digits).load()["val"].inputs)
    choose(qtbot, digits, "data.reload")
    loaded(qtbot, digits)
    assert set(session.data.samples) == {"val", "test"}


def test_samples_are_looked_through_by_split_and_class(digits: MainWindow, qtbot: QtBot) -> None:
    samples = panel_of(qtbot, digits).samples
    take(qtbot, samples.split, "Test")
    take(qtbot, samples.label, "7")
    loaded(qtbot, digits)
    held = data_of(digits).load()["test"]
    sevens = held.inputs[held.targets == 7]
    model = samples.pictures.model()
    assert model.rowCount() == len(sevens)
    assert {model.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in range(len(sevens))} == {
        "7"
    }
    assert model.index(3).data(IMAGE) == picture(sevens[3], 16)
    counts = np.bincount(held.targets, minlength=10)
    assert samples.balance.accessibleName().startswith("Test samples per class: ")
    assert f"7: {counts[7]}" in samples.balance.accessibleName()
    take(qtbot, samples.split, "Training")
    loaded(qtbot, digits)
    assert samples.where.text().startswith("1–60 of ")
    click(qtbot, samples.forth)
    loaded(qtbot, digits)
    train = data_of(digits).load()["train"]
    later = train.inputs[train.targets == 7][60]
    assert model.index(0).data(IMAGE) == picture(later, 16)
    click(qtbot, samples.back)
    loaded(qtbot, digits)
    assert samples.where.text().startswith("1–60 of ")


def test_columns_are_drawn_with_their_figures(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["softmax_regression"].project())
    choose(qtbot, window, "data.reload")
    panel = panel_of(qtbot, window, "Columns")
    model = panel.columns.list.model()
    assert model.rowCount() == 5
    train = data_of(window).load()["train"]
    length = model.index(1).data(COLUMN)
    assert length.name == "sepal length (cm)"
    assert length.mean == pytest.approx(train.inputs[:, 0].mean(), rel=1e-5)
    assert "mean 5.8" in model.index(1).data()
    click(qtbot, panel.columns.normalize, QPoint(8, panel.columns.normalize.height() // 2))
    assert not data_of(window).normalize
    keys(qtbot, window, "Ctrl+Z")
    assert data_of(window).normalize
    loaded(qtbot, window)
    assert not panel.tabs.isTabVisible(panel.parts.index(panel.prepare))


def test_transforms_are_added_changed_moved_and_removed(digits: MainWindow, qtbot: QtBot) -> None:
    panel = panel_of(qtbot, digits, "Prepare")
    prepare = panel.prepare
    assert not prepare.list.isVisible()
    for name in ("RandomHorizontalFlip", "Resize", "RandomErasing"):
        menu = prepare.add.menu()
        menu.aboutToShow.emit()
        offered = [
            each
            for entry in menu.actions()
            for each in (entry.menu().actions() if entry.menu() else [entry])
        ]
        (action,) = (each for each in offered if each.text() == name)
        action.trigger()
        loaded(qtbot, digits)
    assert kinds(digits) == ["RandomHorizontalFlip", "Resize", "RandomErasing"]
    alone = [action.text() for action in menu.actions() if not action.menu()]
    assert "RandAugment" in alone, "by torch's name, not in a group of one"
    texts = [prepare.list.item(row).text() for row in range(3)]
    assert texts[0] == "1  RandomHorizontalFlip · training only"
    assert texts[1] == "2  Resize"
    prepare.list.setFocus()
    prepare.list.setCurrentRow(1)
    size = prepare.form.findChild(QLineEdit, "data.transform.size")
    type_over(qtbot, size, "12")
    loaded(qtbot, digits)
    assert data_of(digits).info().shape == (1, 12, 12)
    assert "1 × 12 × 12" in prepare.prepared.text()
    assert digits.network.stack.steps[0].in_shape == (1, 12, 12)
    type_over(qtbot, size, "-3")
    assert data_of(digits).info().shape == (1, 12, 12)
    keys(qtbot, size, "Escape")
    prepare.list.setFocus()
    keys(qtbot, prepare.list, "Alt+Up")
    assert kinds(digits) == ["Resize", "RandomHorizontalFlip", "RandomErasing"]
    assert prepare.list.currentRow() == 0
    prepare.list.setCurrentRow(2)
    keys(qtbot, prepare.list, "Del")
    assert kinds(digits) == ["Resize", "RandomHorizontalFlip"]
    for _ in range(6):
        keys(qtbot, digits, "Ctrl+Z")
    loaded(qtbot, digits)
    assert kinds(digits) == []
    assert not prepare.list.isVisible()


def test_dragging_reorders_transforms(digits: MainWindow, qtbot: QtBot) -> None:
    prepare = panel_of(qtbot, digits, "Prepare").prepare
    for name in ("Resize", "RandomVerticalFlip"):
        prepare.append(TransformSpec.named(name))
    model = prepare.list.model()
    # what the view does to its model when a row is let go above the first one
    assert model.moveRow(prepare.list.rootIndex(), 1, prepare.list.rootIndex(), 0)
    qtbot.waitUntil(lambda: kinds(digits) == ["RandomVerticalFlip", "Resize"], timeout=PATIENCE)
    assert [prepare.list.item(row).text()[0] for row in range(2)] == ["1", "2"]
    loaded(qtbot, digits)


def test_the_preview_shows_the_users_samples_behind_the_transforms(
    digits: MainWindow, qtbot: QtBot
) -> None:
    prepare = panel_of(qtbot, digits, "Prepare").prepare
    qtbot.waitUntil(lambda: len(prepare.preview.images) == 2, timeout=PATIENCE)
    train = data_of(digits).load()["train"]
    for row, images in enumerate(prepare.preview.images):
        before, *after = images
        assert before == picture(train.inputs[row], 16)
        assert len(after) == 3
        for image in after:  # no transforms yet; what is shown is rounded in two ways
            apart = pixels(image).astype(int) - pixels(before)
            assert abs(apart).max() <= 1
    prepare.append(TransformSpec.named("RandomRotation"))
    prepare.form.edited.emit(data_of(digits).prepare[0].replace(degrees=90.0), "degrees")
    loaded(qtbot, digits)
    qtbot.waitUntil(
        lambda: len({bytes(i.constBits()) for i in prepare.preview.images[0]}) == 4,
        timeout=PATIENCE,
    )
    first = prepare.preview.images[0][0]
    click(qtbot, prepare.other)
    loaded(qtbot, digits)
    assert prepare.preview.images[0][0] == picture(train.inputs[2], 16)
    assert prepare.preview.images[0][0] != first


def test_folds_are_chosen_in_the_form(digits: MainWindow, qtbot: QtBot) -> None:
    split = panel_of(qtbot, digits, "Split").split
    line = split.form.findChild(QLineEdit, "data.form.folds")
    type_over(qtbot, line, "5")
    loaded(qtbot, digits)
    assert data_of(digits).folds == 5
    assert "Fold 1 of 5" in split._how.text()
    sizes = data_of(digits).info().sizes
    assert f"Validation: {sizes['val']:,}" in split.shares.accessibleName()


def test_unequal_classes_are_weighed_by_a_click(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    counts = {"disc": 60, "square": 14, "stripes": 4}
    window.opening.open(write_photographs(tmp_path / "shapes", counts))
    qtbot.waitUntil(lambda: data_of(window).info().title == "shapes", timeout=PATIENCE)
    panel = panel_of(qtbot, window)
    assert panel.samples.even.isVisible()
    take(qtbot, panel.samples.even, "Draw rare classes more often")
    assert data_of(window).balance == "sampling"
    in_front_again(qtbot, window)
    for _ in range(2):  # the keys passed another entry on their way
        keys(qtbot, window, "Ctrl+Z")
    assert data_of(window).balance == "none"
    panel = panel_of(qtbot, window, "Check")
    checked = panel.check.checked
    assert checked
    told = {finding.kind: number for number, finding in enumerate(checked.findings)}
    assert "imbalance" in told
    click_named(qtbot, panel, f"data.finding.{told['imbalance']}.fix")
    assert data_of(window).balance == "weights"
    loaded(qtbot, window)


def test_faults_of_dropped_files_are_shown_and_mended(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    folder = write_photographs(tmp_path / "shapes", {"disc": 30, "square": 30})
    for number in range(20):
        held = (folder / "disc" / f"{number:03}.png").read_bytes()
        (folder / "disc" / f"again{number:03}.png").write_bytes(held)
    (folder / "square" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    window.opening.open(folder)
    qtbot.waitUntil(lambda: data_of(window).info().title == "shapes", timeout=PATIENCE)
    panel = panel_of(qtbot, window, "Check")
    assert window.session.data.error is not None  # not skipped without being asked
    checked = panel.check.checked
    assert checked
    first = checked.findings[0]
    assert first.kind == "unreadable"
    assert first.where[0].startswith("square/broken.png")
    assert "leak" in {finding.kind for finding in checked.findings}
    click_named(qtbot, panel, "data.finding.0.fix")
    loaded(qtbot, window)
    assert window.session.data.error is None
    assert {f.kind for f in panel.check.checked.findings if f.severity != "note"} == {"leak"}
    assert panel.tabs.tabText(panel.parts.index(panel.check)).startswith("Check ")


def test_a_transform_begins_no_check_and_a_fix_keeps_it(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    folder = write_photographs(tmp_path / "shapes", {"disc": 60, "square": 14, "stripes": 4})
    window.opening.open(folder)
    qtbot.waitUntil(lambda: data_of(window).info().title == "shapes", timeout=PATIENCE)
    panel = panel_of(qtbot, window, "Check")
    qtbot.waitUntil(lambda: panel.check.checked is not None, timeout=PATIENCE)
    before = panel.check.checked
    assert before
    panel = panel_of(qtbot, window, "Prepare")
    menu = panel.prepare.add.menu()
    menu.aboutToShow.emit()
    entries = [each for entry in menu.actions() if entry.menu() for each in entry.menu().actions()]
    (flip,) = (each for each in entries if each.text() == "RandomHorizontalFlip")
    flip.trigger()
    assert kinds(window) == ["RandomHorizontalFlip"]
    assert not panel.check.asking.busy
    panel = panel_of(qtbot, window, "Check")
    assert panel.check.checked is before
    told = {finding.kind: number for number, finding in enumerate(before.findings)}
    click_named(qtbot, panel, f"data.finding.{told['imbalance']}.fix")
    assert data_of(window).balance == "weights"
    assert kinds(window) == ["RandomHorizontalFlip"]
    loaded(qtbot, window)


def test_built_in_data_are_checked_by_the_button(digits: MainWindow, qtbot: QtBot) -> None:
    panel = panel_of(qtbot, digits, "Check")
    assert panel.check.checked is None
    click(qtbot, panel.check.again)
    loaded(qtbot, digits)
    assert panel.check.checked.samples == 1797
    assert "Nothing wrong" in panel.check.state.text()
    choose(qtbot, digits, "data.choose.Iris")
    loaded(qtbot, digits)
    assert panel.check.checked is None


def test_a_table_of_faults_is_told_column_by_column(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_flowers(tmp_path / "flowers.csv")
    lines = path.read_text("utf-8").splitlines()
    codes = {"setosa": "10", "versicolor": "20", "virginica": "30"}
    coded = [f"{line},{codes[line.rpartition(',')[2]]}" for line in lines[1:]]
    path.write_text("\n".join([f"{lines[0]},code", *coded]), "utf-8")
    window = open_window()
    window.opening.open(path)
    qtbot.waitUntil(
        lambda: window.findChild(QPushButton, "dialog.question.open") is not None,
        timeout=PATIENCE,
    )
    take(qtbot, window.findChild(QComboBox, "dialog.question.form.target"), "species")
    click_named(qtbot, window, "dialog.question.open")
    qtbot.waitUntil(lambda: data_of(window).info().title == "flowers.csv", timeout=PATIENCE)
    panel = panel_of(qtbot, window, "Check")
    found = panel.check.checked.findings
    number = next(n for n, finding in enumerate(found) if finding.kind == "target_leak")
    assert found[number].where == ("code",)
    click_named(qtbot, panel, f"data.finding.{number}.fix")
    assert "code" not in data_of(window).info().features
    loaded(qtbot, window)
    assert "target_leak" not in {finding.kind for finding in panel.check.checked.findings}


def test_samples_and_preparation_fit_a_laptop(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """In the layout that a start shows, with a remedy for uneven classes offered."""
    window = open_window()
    drop_file(window, write_photographs(tmp_path / "shapes", {"disc": 30, "square": 10}))
    opened(qtbot, window, "shapes")
    assert (window.width(), window.height()) == (1366, 768)
    for title in ("Samples", "Split", "Prepare"):
        panel = panel_of(qtbot, window, title)
        part = panel.parts[panel.tabs.currentIndex()]
        qtbot.waitUntil(lambda part=part: part.visibleRegion().boundingRect() == part.rect())
    assert panel.prepare.prepared.isVisible()
    assert panel.samples.even.findText("Leave classes uneven") == 0
