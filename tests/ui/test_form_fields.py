"""Forms: fields without an effect are hidden, and a file is chosen by a button."""

from pathlib import Path

import pytest
from gestures import (
    OpenWindow,
    choose_file,
    click_named,
    dialog,
    select,
    take,
    type_over,
    wait_gone,
    widget,
)
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from test_data_panel import loaded, turn_to

from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow


def shown(window: MainWindow, *names: str) -> list[str]:
    return [name for name in names if widget(window, name).isVisible()]


def test_folds_take_the_place_of_the_validation_share(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["mlp"].project(DatasetSpec.named("Wine")()))
    turn_to(qtbot, window, "Split")
    names = ("data.form.val_fraction", "data.form.fold")
    assert shown(window, *names) == ["data.form.val_fraction"]
    type_over(qtbot, widget(window, "data.form.folds"), "5")
    assert shown(window, *names) == ["data.form.fold"]
    type_over(qtbot, widget(window, "data.form.fold"), "2")
    loaded(qtbot, window)
    data = window.session.document.project.data
    assert (data.folds, data.fold) == (5, 2)
    type_over(qtbot, widget(window, "data.form.fold"), "1")  # at once, before it is drawn
    type_over(qtbot, widget(window, "data.form.folds"), "1")
    assert shown(window, *names) == ["data.form.val_fraction"]
    loaded(qtbot, window)
    assert shown(window, *names) == ["data.form.val_fraction"]


@pytest.fixture
def with_backbone(open_window: OpenWindow) -> MainWindow:
    project = Template.shelf["mlp"].project(DatasetSpec.named("Digits")())
    layers = (LayerSpec.named("ResNet18")(),)
    return open_window(project.replace(model=ModelSpec(layers=layers)))


def test_the_file_of_weights_is_asked_for_only_where_it_is_used_and_can_be_chosen(
    with_backbone: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = with_backbone
    select(qtbot, window, 0)
    assert shown(window, "layer.form.file") == []
    weights = widget(window, "layer.form.weights")
    assert isinstance(weights, QComboBox)
    take(qtbot, weights, "file")
    assert shown(window, "layer.form.file", "layer.form.file.choose") == [
        "layer.form.file",
        "layer.form.file.choose",
    ]
    path = tmp_path / "weights.pth"
    path.write_bytes(b"")
    click_named(qtbot, window, "layer.form.file.choose")
    choose_file(qtbot, window, "layer.form.file.dialog", path)
    (layer,) = window.session.document.project.model.layers
    assert layer.argument("file") == str(path)
    click_named(qtbot, window, "layer.form.file.choose")
    box = dialog(qtbot, window, "layer.form.file.dialog")
    box.close()
    wait_gone(qtbot, box)
    assert widget(window, "layer.form.file").text() == str(path)
