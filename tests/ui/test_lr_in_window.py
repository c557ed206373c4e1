"""Run > Find lr: the curve grows, and what it suggests is put into the recipe by a click."""

from gestures import PATIENCE, OpenWindow, choose, click, dialog, wait_gone
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.lr_finder import LrDialog
from workbench.ui.main_window import MainWindow


def iris() -> Project:
    return Template.shelf["mlp"].project()


def opened(qtbot: QtBot, window: MainWindow) -> LrDialog:
    choose(qtbot, window, "run.find_lr")
    shown = dialog(qtbot, window, "dialog.lr")
    assert isinstance(shown, LrDialog)
    return shown


def button(shown: QWidget, name: str) -> QWidget:
    found = shown.findChild(QWidget, name)
    assert found
    return found


def test_the_suggestion_is_put_into_the_recipe_and_undone(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(iris())
    window.start()
    before = window.session.document.project
    shown = opened(qtbot, window)
    assert not shown.use.isEnabled()
    qtbot.waitUntil(shown.use.isEnabled, timeout=PATIENCE)
    raw, smoothed = shown.plot.getPlotItem().listDataItems()
    for curve in (raw, smoothed):
        lrs, losses = curve.getOriginalDataset()
        assert len(lrs) == len(losses) > 50
    assert shown.found
    assert f"{shown.found:g}" in shown.told.text()
    click(qtbot, shown.use)
    wait_gone(qtbot, shown)
    after = window.session.document.project
    assert after == before.replace(train=before.train.replace(lr=shown_lr(window)))
    assert after.train.lr != before.train.lr
    choose(qtbot, window, "edit.undo")
    assert window.session.document.project == before
    assert window.session.run is None


def shown_lr(window: MainWindow) -> float:
    return window.session.document.project.train.lr


def test_a_range_test_that_can_not_be_made_says_why(open_window: OpenWindow, qtbot: QtBot) -> None:
    project = iris()
    lbfgs = {**project.train.model_dump(), "optimizer": {"type": "LBFGS"}}
    window = open_window(project.replace(train=lbfgs))
    window.start()
    shown = opened(qtbot, window)
    qtbot.waitUntil(lambda: "LBFGS searches" in shown.told.text(), timeout=PATIENCE)
    assert not shown.use.isEnabled()
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    wait_gone(qtbot, shown)


def test_closing_it_early_stops_it_and_changes_nothing(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(iris())
    window.start()
    before = window.session.document.project
    shown = opened(qtbot, window)
    click(qtbot, button(shown, "dialog.lr.close"))
    wait_gone(qtbot, shown)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert window.session.document.project == before
