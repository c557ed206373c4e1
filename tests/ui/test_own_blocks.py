"""Own blocks through the window: saved from a selection, put into a network, deleted."""

from pathlib import Path

from gestures import (
    OpenWindow,
    append,
    choose,
    click_named,
    dialog,
    double_click,
    drop,
    in_front_again,
    keys,
    select,
    wait_gone,
    widget,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from workbench.core import blocks_store
from workbench.ui.main_window import MainWindow

TITLE = "Мой блок 卷积"


def kinds(window: MainWindow) -> list[str]:
    return [layer.kind for layer in window.session.document.project.model.layers]


def own(window: MainWindow) -> list[str]:
    group = window.palette_panel.tree.topLevelItem(
        window.palette_panel.tree.topLevelItemCount() - 1
    )
    assert group.text(0) == "My blocks"
    assert group.isHidden() == (group.childCount() == 0)
    return [group.child(row).text(0) for row in range(group.childCount())]


def item(window: MainWindow, title: str) -> QTreeWidgetItem:
    tree = window.palette_panel.tree
    flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
    (found,) = tree.findItems(title, flags)
    tree.scrollToItem(found)
    return found


def at(window: MainWindow, title: str) -> QPoint:
    found = item(window, title)
    return window.palette_panel.tree.visualItemRect(found).center()


def save_as(qtbot: QtBot, window: MainWindow, title: str) -> None:
    choose(qtbot, window, "network.block.save")
    box = dialog(qtbot, window, "dialog.block")
    line = widget(box, "dialog.block.title")
    QGuiApplication.clipboard().setText(title)  # a test's keys are those of ASCII
    keys(qtbot, line, "Ctrl+V")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)


def test_a_selection_is_kept_as_a_block_and_used_again(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    assert own(window) == []
    select(qtbot, window, 0, 2)
    before = window.session.document.project
    save_as(qtbot, window, TITLE)
    assert own(window) == [TITLE]
    assert window.session.document.project == before
    [block], _ = blocks_store.read_all()
    assert [layer.kind for layer in block.block.layers] == ["Conv2d", "ReLU", "MaxPool2d"]
    tree, view = window.palette_panel.tree, window.network.view
    select(qtbot, window, 0)
    double_click(qtbot, tree, at(window, TITLE))
    assert kinds(window)[:3] == ["Conv2d", "Group", "ReLU"]
    group = window.session.document.project.model.layers[1]
    assert group.title == TITLE
    window.session.document.undo_stack.undo()
    assert window.session.document.project == before
    mime = tree.mimeData([item(window, TITLE)])
    index = window.network.stack.index(1)
    drop(view, mime, view.visualRect(index).center(), Qt.DropAction.CopyAction)
    assert "Group" in kinds(window)
    again = open_window()
    assert own(again) == [TITLE]


def test_a_group_is_saved_as_it_is_and_a_title_is_replaced(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    for kind in ("ReLU", "Tanh"):
        append(qtbot, window, kind)
        select(qtbot, window, len(kinds(window)) - 1)
        choose(qtbot, window, "network.wrap.group")
        choose(qtbot, window, "network.block.save")
        box = dialog(qtbot, window, "dialog.block")
        line, save = widget(box, "dialog.block.title"), widget(box, "dialog.block.save")
        assert not save.isEnabled()
        qtbot.keyClicks(line, "Bend")
        replaces = "takes the place" in widget(box, "dialog.block.told").text()
        assert replaces == (kind == "Tanh")
        click_named(qtbot, box, "dialog.block.save")
        wait_gone(qtbot, box)
        in_front_again(qtbot, window)
        [block], _ = blocks_store.read_all()
        assert [layer.kind for layer in block.block.layers] == [kind]
    assert own(window) == ["Bend"]


def test_a_block_is_deleted_after_a_question(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    select(qtbot, window, 0, 1)
    save_as(qtbot, window, "Stem")
    tree = window.palette_panel.tree
    assert window.commands.actions["network.block.delete"] in tree.actions()
    for button, left in (("Cancel", ["Stem"]), ("Delete", [])):
        tree.setFocus()
        tree.setCurrentItem(item(window, "Stem"))
        keys(qtbot, tree, "Del")
        box = dialog(qtbot, window, "dialog.block.delete")
        assert isinstance(box, QMessageBox)
        buttons = {each.text().replace("&", ""): each for each in box.findChildren(QPushButton)}
        qtbot.mouseClick(buttons[button], Qt.MouseButton.LeftButton)
        wait_gone(qtbot, box)
        in_front_again(qtbot, window)
        assert own(window) == left
    assert blocks_store.read_all() == ([], {})
    assert "Group" not in kinds(window)
    tree.setCurrentItem(item(window, "Conv2d"))
    keys(qtbot, tree, "Del")
    assert kinds(window)[0] == "Conv2d"


def test_blocks_are_found_by_the_search(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    select(qtbot, window, 0, 1)
    save_as(qtbot, window, "Stem")
    qtbot.keyClicks(window.palette_panel.search, "ste")
    tree = window.palette_panel.tree
    shown = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    assert [each.text(0) for each in shown if not each.isHidden()] == ["My blocks"]
    qtbot.keyClick(window.palette_panel.search, Qt.Key.Key_Return)
    assert "Group" in kinds(window)


def test_a_broken_file_is_told_once(open_window: OpenWindow, qtbot: QtBot, home: Path) -> None:
    (home / "blocks").mkdir(parents=True)
    (home / "blocks" / "bad.block.json").write_text("{", "utf-8")
    window = open_window()
    banner = widget(window, "banner")
    qtbot.waitUntil(banner.isVisible)
    assert "bad.block.json" in widget(window, "banner.text").text()
    click_named(qtbot, window, "banner.close")
    select(qtbot, window, 0)
    save_as(qtbot, window, "Stem")
    assert own(window) == ["Stem"]
    assert not banner.isVisible()


def test_a_block_that_the_disk_refuses_is_not_said_to_be_kept(
    open_window: OpenWindow, qtbot: QtBot, home: Path
) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "blocks").write_text("in the way", "utf-8")
    window = open_window()
    said: list[str] = []
    window.session.said.connect(said.append)
    select(qtbot, window, 0)
    choose(qtbot, window, "network.block.save")
    box = dialog(qtbot, window, "dialog.block")
    qtbot.keyClicks(widget(box, "dialog.block.title"), "Stem")
    click_named(qtbot, box, "dialog.block.save")
    assert widget(window, "banner").isVisible()
    assert box.isVisible()
    assert said == []
    (home / "blocks").unlink()
    click_named(qtbot, box, "dialog.block.save")
    wait_gone(qtbot, box)
    in_front_again(qtbot, window)
    assert said == ["Stem is now among My blocks."]
    assert own(window) == ["Stem"]
