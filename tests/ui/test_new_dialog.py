"""The cards of File > New: a picture of every network, on a small screen, by the keyboard."""

from pathlib import Path

import pytest
from gestures import PATIENCE, OpenWindow, answer, choose, dialog, keys, take, wait_gone
from own_data import write_photographs
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QMessageBox
from pytestqt.qtbot import QtBot
from test_open_data import PHOTOGRAPHS, opened

from workbench.core.data import DatasetSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.theme import Theme
from workbench.ui.thumbnails import thumbnail


def colours(image: QImage, left: int = 0, right: int | None = None) -> set[str]:
    end = image.width() if right is None else right
    places = ((x, y) for x in range(left, end) for y in range(image.height()))
    found = (image.pixelColor(x, y) for x, y in places)
    return {color.name() for color in found if color.alpha() == 255}


def drawn(project: Project, theme: Theme) -> QImage:
    return thumbnail(project, theme, 188, 74, 1.0).toImage()


@pytest.fixture
def theme(open_window: OpenWindow) -> Theme:
    window = open_window()
    return window.session.theme


def test_a_network_is_drawn_in_the_colours_of_its_layers(theme: Theme) -> None:
    for template in Template.by_topic():
        project = template.project()
        shown = colours(drawn(project, theme))
        kinds = {layer.category for _, layer in project.model.nested()}
        main = kinds & {"Convolution", "Linear", "Pooling", "Recurrent", "Attention"}
        assert {theme.category(name).name() for name in {"Input", *main}} <= shown, template.name


def test_its_pictures_differ_and_follow_the_data(theme: Theme) -> None:
    images = [kind.project() for kind in Template.by_topic() if kind.topic == "Images"]
    pictures = [drawn(project, theme) for project in images]
    assert len({picture.constBits().tobytes() for picture in pictures}) == len(images)
    vgg = Template.shelf["small_vgg"]
    digits = vgg.project(DatasetSpec.named("Digits")())
    assert drawn(digits, theme) != drawn(vgg.project(), theme)


def test_a_network_without_layers_is_its_input(theme: Theme) -> None:
    project = Template.shelf["mlp"].project().replace(model=ModelSpec())
    shown = colours(drawn(project, theme))
    assert theme.category("Input").name() in shown
    assert theme.category("Linear").name() not in shown


def test_every_template_is_a_card_with_its_picture(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    keys(qtbot, window, "Ctrl+N")
    box = dialog(qtbot, window, "dialog.new")
    view = box.findChild(QListWidget)
    screen = QRect(0, 0, 1366, 768 - 60)  # less a title bar and a task bar
    assert screen.contains(box.rect())
    qtbot.keyClick(view, Qt.Key.Key_End)
    last = Template.by_topic()[-1]
    assert view.currentItem().text() == f"{last.title}\n{last.summary}"
    linear = window.session.theme.category("Linear").name()
    place = view.visualItemRect(view.currentItem())
    assert view.viewport().rect().contains(place)
    qtbot.waitUntil(lambda: linear in colours(view.viewport().grab(place).toImage()))
    assert box.findChild(QComboBox).currentText() == DatasetSpec.named(last.dataset).title
    assert last.project().train.loss.kind in box.findChild(QLabel, "dialog.new.told").text()
    qtbot.keyClick(view, Qt.Key.Key_Return)
    wait_gone(qtbot, box)
    assert window.session.document.project == last.project()


def test_the_menu_has_the_templates_by_topic(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    choose(qtbot, window, "network.template.unet_like")
    assert window.session.document.project == Template.shelf["unet_like"].project()
    menu = window.commands.menu("Network/New from Template/Images")
    names = [action.objectName().rpartition(".")[2] for action in menu.actions()]
    assert names == [kind.name for kind in Template.by_topic() if kind.topic == "Images"]


def test_data_chosen_by_hand_stay_while_templates_are_looked_at(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    keys(qtbot, window, "Ctrl+N")
    box = dialog(qtbot, window, "dialog.new")
    view, data = box.findChild(QListWidget), box.findChild(QComboBox)
    first = data.currentText()
    qtbot.keyClicks(view, "LeNet")
    assert data.currentText() != first  # until then each template brings its own
    take(qtbot, data, "Iris")
    qtbot.keyClick(view, Qt.Key.Key_Home)
    for _ in range(Template.by_topic().index(Template.shelf["mlp"])):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert data.currentText() == "Iris"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    wait_gone(qtbot, box)
    wanted = Template.shelf["mlp"].project(DatasetSpec.named("Iris")())
    assert window.session.document.project == wanted


def test_own_data_are_offered_to_every_template(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    window.opening.open(write_photographs(tmp_path / "shapes", PHOTOGRAPHS))
    opened(qtbot, window, "shapes")
    own = window.session.document.project.data
    choose(qtbot, window, "file.new")
    answer(qtbot, window, "dialog.unsaved", QMessageBox.StandardButton.Discard)
    box = dialog(qtbot, window, "dialog.new")
    view, data = box.findChild(QListWidget), box.findChild(QComboBox)
    assert data.currentText() == "shapes (present data)"
    assert view.currentItem().text().startswith("Small CNN")
    qtbot.keyClicks(view, "Multilayer")
    assert data.currentText() == "shapes (present data)"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    wait_gone(qtbot, box)
    assert window.session.document.project == Template.shelf["mlp"].project(own)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
