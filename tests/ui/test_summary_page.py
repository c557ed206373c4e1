"""The Summary tab by mouse and keys, and what the window tells of costs."""

from pathlib import Path

from gestures import OpenWindow, choose, choose_file, click, click_named, keys, select, widget
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QLabel, QTableView
from pytestqt.qtbot import QtBot
from work import work

from workbench.catalog.layers.activation import ReLU
from workbench.core.costs import costs_of, size
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.summary import csv_text, markdown, summary
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow
from workbench.ui.pages.summary import WIDEST, SummaryPage


def table(qtbot: QtBot, window: MainWindow) -> QTableView:
    """Bring the Summary tab to the front."""
    window.commands.actions["network.tab.summary"].trigger()
    qtbot.waitUntil(lambda: window.findChild(QTableView, "summary.view") is not None)
    view = window.findChild(QTableView, "summary.view")
    qtbot.waitUntil(lambda: view.model().rowCount() > 0)
    return view


def cells(view: QTableView, column: int) -> list[str]:
    model = view.model()
    return [model.index(row, column).data().strip() for row in range(model.rowCount())]


def spot(view: QTableView, row: int) -> QPoint:
    index = view.model().index(row, 0)
    view.scrollTo(index)
    return view.visualRect(index).center()


def test_the_table_follows_the_network(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = table(qtbot, window)
    names = [layer.name for _, layer in window.session.document.project.model.nested()]
    assert cells(view, 0) == ["Input", *names, "Total"]
    window.network.show_tab("layers")
    select(qtbot, window, 1)
    keys(qtbot, window.network.view, "Del")
    view = table(qtbot, window)
    qtbot.waitUntil(lambda: "relu1" not in cells(view, 0))
    project = window.session.document.project
    told = widget(window, "summary.totals")
    assert isinstance(told, QLabel)
    assert size(costs_of(project, project.walk()).training) in told.text()


def test_the_selected_layer_is_the_same_in_table_and_cards(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window(Template.shelf["resnet18_cifar"].project())
    select(qtbot, window, 2)
    view = table(qtbot, window)
    qtbot.waitUntil(lambda: view.currentIndex().row() == 3)
    click(qtbot, view, spot(view, 6))  # a layer in a block
    assert window.network.view.chosen() == [(3, 0, 0, 0, 0)]
    heading = widget(window, "layer.heading")
    assert isinstance(heading, QLabel)
    assert heading.text() == "Conv2d"
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert window.network.view.chosen() == [(3, 0, 0)]
    assert view.currentIndex().row() == 5
    qtbot.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert window.network.view.chosen() == [(3, 0, 0)]  # the total is no layer


def test_the_table_is_taken_along(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window()
    project = window.session.document.project
    steps = project.walk()
    rows = summary(steps, costs_of(project, steps), project.data.info())
    choose(qtbot, window, "network.summary.copy")
    assert QGuiApplication.clipboard().text() == markdown(rows)
    QGuiApplication.clipboard().clear()
    click_named(qtbot, window, "summary.copy")
    assert QGuiApplication.clipboard().text() == markdown(rows)
    click_named(qtbot, window, "summary.save")
    choose_file(qtbot, window, "dialog.save_summary", tmp_path / "layers")
    assert (tmp_path / "layers.csv").read_bytes().decode("utf-8-sig") == csv_text(rows)


def test_a_folder_that_is_not_there_is_told(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = open_window()
    (tmp_path / "full.csv").mkdir()
    page = window.network.page("summary")
    page._write(tmp_path / "full.csv")
    qtbot.waitUntil(window.banner.isVisible)
    assert "full.csv" in window.banner.text.text()


def test_a_fault_is_told_in_its_row(qtbot: QtBot, open_window: OpenWindow) -> None:
    project = Template.shelf["mlp"].project()
    layers = (LayerSpec.named("Conv2d")(), LayerSpec.named("Linear")())
    window = open_window(project.replace(model=project.model.replace(layers=layers)))
    view = table(qtbot, window)
    assert "needs a flat vector" in cells(view, 3)[2]
    assert cells(view, 5)[2] == ""


def test_cells_are_told_with_their_column(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    view = table(qtbot, window)
    spoken = QAccessible.queryAccessibleInterface(view)
    told = [spoken.child(n).text(QAccessible.Text.Name) for n in range(spoken.childCount())]
    assert {"Layer: conv1", "Parameters: 160", "Receptive field: 3 × 3"} <= set(told)


def test_panels_and_tips_tell_what_a_layer_costs(qtbot: QtBot, open_window: OpenWindow) -> None:
    window = open_window()
    project = window.session.document.project
    costs = costs_of(project, project.walk())
    assert f"{size(costs.training)} to train at batch 64" in window.network.info.text()
    tip = window.network.stack.index(4).data(Qt.ItemDataRole.ToolTipRole)
    assert "multiply-adds" in tip
    assert "receptive field 8 × 8" in tip
    assert size(costs.layers[3,].saved) in tip
    select(qtbot, window, 3)
    shown = widget(window, "layer.costs")
    assert isinstance(shown, QLabel)
    assert shown.text() in tip
    before = window.network.info.text()
    train = project.train.replace(batch_size=128)
    window.session.document.edit("", project.replace(train=train))
    assert "at batch 128" in window.network.info.text()
    assert window.network.info.text() != before


def test_a_title_bar_that_is_too_narrow_leaves_out_the_end(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    window = open_window()
    info = window.network.info
    info.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    info.setFixedWidth(120)
    qtbot.waitUntil(lambda: info.width() == 120)
    begin = QRect(0, 0, 40, info.height())
    cut = info.grab(begin).toImage()
    info.setText(info.text()[:9])  # the first digits alone
    assert info.grab(begin).toImage() == cut
    info.clear()
    assert info.grab(begin).toImage() != cut


def test_columns_are_fitted_to_some_rows_and_the_total(
    qtbot: QtBot, open_window: OpenWindow
) -> None:
    project = Template.shelf["small_cnn"].project()
    rows = tuple(ReLU(name=f"a{n}") for n in range(300))
    window = open_window(project.replace(model=ModelSpec(layers=(*rows, *project.model.layers))))
    view = table(qtbot, window)
    last = view.model().rowCount() - 1
    for column in range(view.model().columnCount()):
        needed = view.sizeHintForIndex(view.model().index(last, column)).width()
        assert view.columnWidth(column) >= min(needed, WIDEST)
        assert (
            view.columnWidth(column) >= view.sizeHintForIndex(view.model().index(0, column)).width()
        )
    page = view.parent()
    assert isinstance(page, SummaryPage)
    model = view.model()
    cells = [model.index(row, each) for row in range(last) for each in range(model.columnCount())]
    assert work(page._fit_columns) < work(lambda: [*map(view.sizeHintForIndex, cells)]) / 4
