"""The banner: a row that hides nothing, offers that vanish with their cause, and ways out."""

from pathlib import Path

from gestures import (
    PATIENCE,
    OpenWindow,
    append,
    click,
    click_named,
    drawn,
    keys,
    pick,
    select,
    wait_gone,
    widget,
)
from own_data import write_flowers, write_photographs
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QDockWidget, QWidget
from pytestqt.qtbot import QtBot
from test_open_data import PHOTOGRAPHS, asked, drop_file, opened

from workbench.core.template import Template
from workbench.ui.main_window import MainWindow


def place(window: MainWindow, each: QWidget) -> QRect:
    return QRect(each.mapTo(window, QPoint(0, 0)), each.size())


def covered(window: MainWindow) -> list[str]:
    banner = place(window, window.banner)
    docks = (dock for dock in window.findChildren(QDockWidget) if dock.isVisible())
    return [dock.objectName() for dock in docks if banner.intersects(place(window, dock))]


def test_the_banner_covers_no_panel_and_shows_all_of_its_sentence(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window.docks["network"].height() > 300)  # the shares are dealt out
    before = place(window, window.docks["network"])
    sentence = " ".join(f"Sentence number {number} says what to do." for number in range(14))
    window.banner.tell(sentence, "Do it", lambda: None)
    qtbot.waitUntil(lambda: place(window, window.docks["network"]).top() > before.top())
    text = window.banner.text
    assert text.height() >= text.heightForWidth(text.width()) > text.fontMetrics().height() * 1.5
    assert window.banner.rect().contains(place(window, text).translated(-window.banner.pos()))
    assert covered(window) == []
    click_named(qtbot, window, "banner.close")
    qtbot.waitUntil(lambda: place(window, window.docks["network"]) == before)
    assert not window.banner.isVisible()
    for _ in range(3):  # nor do the panels drift, however often it comes
        window.banner.tell("Again.")
        drawn(qtbot, window)
        click_named(qtbot, window, "banner.close")
        drawn(qtbot, window)
    qtbot.waitUntil(lambda: place(window, window.docks["network"]) == before)


def test_an_offer_to_fit_the_network_goes_with_its_data(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(Template.shelf["small_cnn"].project())
    append(qtbot, window, "Dropout")
    drop_file(window, write_photographs(tmp_path / "shapes", PHOTOGRAPHS))
    opened(qtbot, window, "shapes")
    assert window.banner.isVisible()
    append(qtbot, window, "ReLU")  # mends nothing
    assert window.banner.isVisible()
    keys(qtbot, window, "Ctrl+Z")
    keys(qtbot, window, "Ctrl+Z")
    assert not window.banner.isVisible()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def test_a_network_that_nobody_made_follows_every_drop(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window()
    drop_file(window, write_photographs(tmp_path / "shapes", PHOTOGRAPHS))
    opened(qtbot, window, "shapes")
    panel = window.panels["data"]
    click(qtbot, panel.tabs, panel.tabs.tabRect(3).center())
    drop_file(window, write_flowers(tmp_path / "flowers.csv"))
    box = asked(qtbot, window, "dialog.question")
    click_named(qtbot, box, "dialog.question.open")
    wait_gone(qtbot, box)
    opened(qtbot, window, "flowers.csv")
    window.session.document.project.check()
    assert not window.banner.isVisible()
    assert panel.samples.isVisible()
    kinds = {layer.kind for layer in window.session.document.project.model.layers}
    assert kinds == {"Linear", "ReLU"}
    pick(qtbot, panel.choose.menu(), "Digits (8×8 scans)")
    window.session.document.project.check()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)


def test_a_faulty_network_is_not_mended_into_a_table_network(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    """What was faulty on one table is no better on the next: the usual network is offered."""
    window = open_window(Template.shelf["small_cnn"].project())
    append(qtbot, window, "Dropout")
    for name in ("first", "second"):
        drop_file(window, write_flowers(tmp_path / f"{name}.csv"))
        box = asked(qtbot, window, "dialog.question")
        click_named(qtbot, box, "dialog.question.open")
        wait_gone(qtbot, box)
        opened(qtbot, window, f"{name}.csv")
        assert window.banner.button.text() == "Start with Multilayer perceptron"


def test_training_a_faulty_network_offers_what_mends_it(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["small_cnn"].project())
    kinds = [layer.kind for layer in window.session.document.project.model.layers]
    select(qtbot, window, kinds.index("Flatten"))
    keys(qtbot, window.network.view, "Del")
    select(qtbot, window, 0)
    keys(qtbot, window, "F5")
    assert window.session.state == "idle"
    (chosen,) = window.network.view.chosen()
    step = window.network.stack.step(window.network.stack.index_of(chosen))
    assert step is not None
    assert step.fault is not None
    assert widget(window, "banner.text").text().startswith(f"{step.layer.kind} {step.layer.name}")
    assert window.banner.button.text() == "Fix: Insert Flatten"
    click(qtbot, window.banner.button)
    window.session.document.project.check()
    assert not window.banner.isVisible()
