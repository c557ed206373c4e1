"""The Diagram tab by mouse and keys."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from gestures import LEFT, OpenWindow, choose, choose_file, click, click_named, keys, select
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.core.layer import LayerSpec
from workbench.core.template import Template
from workbench.core.walk import Path as Place
from workbench.ui.main_window import MainWindow
from workbench.ui.pages.diagram import DiagramPage
from workbench.ui.pages.diagram_view import DiagramView


def diagram(qtbot: QtBot, window: MainWindow) -> DiagramView:
    """Bring the Diagram tab to the front."""
    window.commands.actions["network.tab.diagram"].trigger()
    qtbot.waitUntil(lambda: window.findChild(DiagramView, "diagram.view") is not None)
    view = window.findChild(DiagramView, "diagram.view")
    qtbot.waitUntil(lambda: view.diagram is not None)
    return view


def page(window: MainWindow) -> DiagramPage:
    found = window.network.page("diagram")
    assert isinstance(found, DiagramPage)
    return found


def shown(view: DiagramView) -> set[Place]:
    assert view.diagram
    return {item.path for item in view.diagram.items}


def click_layer(qtbot: QtBot, view: DiagramView, path: Place) -> None:
    qtbot.mouseClick(view.viewport(), LEFT, pos=view.place_of(path))


def is_in_sight(view: DiagramView, path: Place) -> bool:
    return view.viewport().rect().contains(view.place_of(path))


def test_it_follows_the_network(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = diagram(qtbot, window)
    places = {path for path, _ in window.session.document.project.model.nested()}
    assert shown(view) == {(), *places}
    window.network.show_tab("layers")
    select(qtbot, window, 1)
    keys(qtbot, window.network.view, "Del")
    diagram(qtbot, window)
    qtbot.waitUntil(lambda: len(shown(view)) == len(places))


def test_a_click_selects_and_the_selected_layer_comes_into_sight(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window(Template.shelf["resnet18_cifar"].project())
    view = diagram(qtbot, window)
    click_layer(qtbot, view, (1,))
    assert window.network.view.chosen() == [(1,)]
    last = len(window.session.document.project.model.layers) - 1
    assert not is_in_sight(view, (last,))
    window.network.view.select([(last,)])
    qtbot.waitUntil(lambda: is_in_sight(view, (last,)))
    click_layer(qtbot, view, (last - 1,))
    assert window.network.view.chosen() == [(last - 1,)]


def test_keys_go_along_the_flow_and_across_it(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window(Template.shelf["inception_like"].project())
    view = diagram(qtbot, window)
    assert view.hasFocus()
    chosen = window.network.view.chosen
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert window.network.stack.step(window.network.view.currentIndex()) is None  # the input
    for place in [(0,), (1,), (2,), (3,), (4,), (4, 0, 0), (4, 0, 1)]:
        qtbot.keyClick(view, Qt.Key.Key_Down)
        assert chosen() == [place]
        qtbot.waitUntil(lambda: is_in_sight(view, chosen()[0]))
    for key, place in (
        (Qt.Key.Key_Right, (4, 1, 1)),
        (Qt.Key.Key_Left, (4, 0, 1)),
        (Qt.Key.Key_Left, (4, 0, 1)),
        (Qt.Key.Key_Up, (4, 0, 0)),
    ):
        qtbot.keyClick(view, key)
        assert chosen() == [place]
        qtbot.wait(1)  # the page draws once its timer comes
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert chosen() == [(len(window.session.document.project.model.layers) - 1,)]


def test_blocks_fold_and_a_layer_in_one_is_marked_by_its_block(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window(Template.shelf["resnet18_cifar"].project())
    view = diagram(qtbot, window)
    whole = view.diagram
    assert whole
    qtbot.mouseDClick(view.viewport(), LEFT, pos=view.place_of((3,)))
    qtbot.waitUntil(lambda: (3, 0, 0) not in shown(view))
    assert view.diagram
    assert view.diagram.height < whole.height
    window.network.view.select([(3, 0, 0)])
    qtbot.waitUntil(lambda: is_in_sight(view, (3,)))
    window.network.view.select([(3,)])
    qtbot.wait(1)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: (3, 0, 0) in shown(view))
    choose(qtbot, window, "network.diagram.fold_current")
    qtbot.waitUntil(lambda: (3, 0, 0) not in shown(view))


def test_zoom_by_wheel_keeps_what_is_under_the_mouse(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window(Template.shelf["resnet18_cifar"].project())
    view = diagram(qtbot, window)
    place = view.place_of((2,))
    before = view.scale
    wheel = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), wheel)
    assert view.scale == pytest.approx(before * 1.44)
    assert (view.place_of((2,)) - place).manhattanLength() <= 3
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.scale == pytest.approx(before * 1.2)
    click_named(qtbot, window, "diagram.larger")
    click_named(qtbot, window, "diagram.smaller")
    assert view.scale == pytest.approx(before * 1.2)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.scale == pytest.approx(before)


def test_dragging_pans_and_selects_nothing(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window(Template.shelf["resnet18_cifar"].project())
    view = diagram(qtbot, window)
    chosen, place = window.network.view.chosen(), view.place_of((3,))
    bar = view.verticalScrollBar()
    assert bar.maximum() > 100
    qtbot.mousePress(view.viewport(), LEFT, pos=place)
    qtbot.mouseMove(view.viewport(), place - QPoint(0, 60))
    qtbot.mouseRelease(view.viewport(), LEFT, pos=place - QPoint(0, 60))
    assert bar.value() == 60
    assert window.network.view.chosen() == chosen


def test_it_turns(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = diagram(qtbot, window)
    down = view.diagram
    assert down
    click_named(qtbot, window, "diagram.turn")
    qtbot.waitUntil(lambda: view.diagram is not None and view.diagram.direction == "right")
    assert view.diagram
    assert view.diagram.width > view.diagram.height
    assert down.height > down.width
    click_layer(qtbot, view, (0,))
    qtbot.wait(1)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert window.network.view.chosen() == [(1,)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_saved_as_svg_and_png(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, theme: str
) -> None:
    window = open_window(Template.shelf["unet_like"].project())
    window.session.theme.use(theme)
    view = diagram(qtbot, window)
    choose(qtbot, window, "network.diagram.save")
    choose_file(qtbot, window, "dialog.save_diagram", tmp_path / "net.svg")
    root = ElementTree.parse(tmp_path / "net.svg").getroot()
    texts = {"".join(each.itertext()).strip() for each in root.iter() if each.tag.endswith("text")}
    assert {"Input", "Conv2d", "concat"} <= texts
    click_named(qtbot, window, "diagram.save")
    choose_file(qtbot, window, "dialog.save_diagram", tmp_path / "net.png")
    image = QImage(str(tmp_path / "net.png"))
    assert view.diagram
    assert image.width() == round(2 * view.diagram.width)
    ground = image.pixelColor(0, 0).name()
    assert ground == window.session.theme.colors.window
    click_named(qtbot, window, "diagram.copy")
    assert QGuiApplication.clipboard().image().size() == image.size()


def test_a_fault_and_its_layer_are_told_in_words(qtbot: QtBot, open_window: OpenWindow) -> None:
    project = Template.shelf["mlp"].project()
    layers = (LayerSpec.named("Conv2d")(), LayerSpec.named("Linear")())
    window = open_window(project.replace(model=project.model.replace(layers=layers)))
    view = diagram(qtbot, window)
    spoken = QAccessible.queryAccessibleInterface(view)
    told = spoken.text(QAccessible.Text.Description)
    assert "Conv2d conv1 gives 16 × 6 × 6" in told
    assert "Linear fc1: gets 16 × 6 × 6, needs a flat vector" in told


def test_two_hundred_layers_are_drawn_in_part_only(qtbot: QtBot, open_window: OpenWindow) -> None:
    relu = LayerSpec.named("ReLU")()
    project = Template.shelf["mlp"].project()
    window = open_window(project.replace(model=project.model.replace(layers=(relu,) * 200)))
    view = diagram(qtbot, window)
    assert len(shown(view)) == 201
    click(qtbot, view.viewport())
    for _ in range(20):
        qtbot.keyClick(view, Qt.Key.Key_Down)
        qtbot.wait(1)
    assert is_in_sight(view, window.network.view.chosen()[0])
