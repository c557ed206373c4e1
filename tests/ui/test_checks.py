"""The check before training in the window: signs on cards, the Checks tab, fixes and undo."""

from gestures import OpenWindow, card, click, keys, widget
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QFont
from PySide6.QtWidgets import QApplication, QListView, QMenu
from pytestqt.qtbot import QtBot
from work import grows_evenly, work

from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.rule import Finding
from workbench.core.template import Template
from workbench.ui.findings import FINDING, button_rects
from workbench.ui.main_window import MainWindow


def layer(kind: str, **arguments: object) -> LayerSpec:
    return LayerSpec.named(kind)(**arguments)


def amiss(*behind: LayerSpec, **recipe: object) -> Project:
    """Softmax before CrossEntropyLoss, two activations, and what else is given."""
    base = Template.shelf["mlp"].project()
    layers = [layer("Flatten"), layer("Linear"), layer("ReLU"), layer("Tanh"), layer("Linear")]
    model = ModelSpec(layers=(*layers, layer("Softmax"), *behind))
    return base.replace(model=model, train=base.train.replace(**recipe))


def rules_of(window: MainWindow) -> list[str]:
    return [type(finding.rule).__name__ for finding in window.network.stack.checks.found]


def checked(qtbot: QtBot, window: MainWindow, *expected: str) -> None:
    qtbot.waitUntil(lambda: rules_of(window) == list(expected))


def page(qtbot: QtBot, window: MainWindow) -> QListView:
    """The list of the Checks tab, brought to the front by its key."""
    keys(qtbot, window, "Alt+5")
    qtbot.waitUntil(lambda: window.findChild(QListView, "checks.view") is not None)
    view = widget(window, "checks.view")
    assert isinstance(view, QListView)
    qtbot.waitUntil(lambda: view.model().rowCount() == len(window.network.stack.checks.found))
    return view


def shown(view: QListView) -> list[Finding]:
    model = view.model()
    return [model.index(row, 0).data(FINDING) for row in range(model.rowCount())]


def test_findings_are_counted_in_the_tab_and_in_the_title(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(amiss(lr=0.5))
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy", "LrTooHigh")
    assert window.network.info.text().endswith(" · 3 warnings")
    tabs = window.network.tabs
    assert tabs.tabText(tabs.count() - 1) == "Checks (3)"
    view = page(qtbot, window)
    assert [finding.place for finding in shown(view)] == [(3,), (5,), "train.lr"]


def test_a_fix_is_clicked_and_undone(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(amiss())
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")
    view = page(qtbot, window)
    before = window.session.document.project
    index = view.model().index(1, 0)

    def button() -> QRect:
        (rect,) = button_rects(view.visualRect(index), index.data(FINDING), QFont(view.font()))
        return rect

    # The page has just been made: it takes its place in the next turn.
    qtbot.waitUntil(lambda: view.viewport().rect().contains(button()))
    click(qtbot, view, button().center())
    assert [each.kind for each in before.model.layers][-1] == "Softmax"
    assert [each.kind for each in window.session.document.project.model.layers][-1] == "Linear"
    assert window.session.document.undo_stack.undoText() == "Remove softmax1"
    checked(qtbot, window, "TwoActivations")
    keys(qtbot, window, "Ctrl+Z")
    assert window.session.document.project == before
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")


def test_keys_alone_mend_everything(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(amiss(lr=0.5))
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy", "LrTooHigh")
    view = page(qtbot, window)
    view.setFocus()
    left = 3
    while left:
        qtbot.keyClick(view, Qt.Key.Key_Return)
        left -= 1
        qtbot.waitUntil(lambda left=left: view.model().rowCount() == left)
    assert window.session.document.project.train.lr == 0.001
    assert widget(window, "checks.nothing").isVisible()
    tabs = window.network.tabs
    assert tabs.tabText(tabs.count() - 1) == "Checks"


def test_a_finding_leads_to_its_card(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(amiss())
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")
    view = page(qtbot, window)
    below = view.visualRect(view.model().index(1, 0))
    click(qtbot, view, below.topLeft() + QPoint(60, 15))
    assert window.network.view.chosen() == [(5,)]
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert window.network.view.chosen() == [(3,)]


def test_the_menu_of_a_finding_and_of_its_card_list_the_fixes(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(amiss())
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")
    view = page(qtbot, window)
    reason, middle = QContextMenuEvent.Reason.Keyboard, view.rect().center()
    QApplication.sendEvent(view, QContextMenuEvent(reason, middle, view.mapToGlobal(middle)))
    menu = widget(window, "checks.menu")
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["Remove tanh1"]
    menu.close()
    keys(qtbot, window, "Alt+1")
    cards = window.network.view
    cards.select([(3,)])
    QApplication.sendEvent(cards, QContextMenuEvent(reason, middle, cards.mapToGlobal(middle)))
    menu = widget(window, "stack.menu")
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == "Remove tanh1"
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    checked(qtbot, window, "SoftmaxBeforeCrossEntropy")


def test_findings_are_told_to_a_screen_reader(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(amiss())
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")
    told = window.network.stack.index(6).data(Qt.ItemDataRole.ToolTipRole)
    assert "Warning: Softmax stands in front of CrossEntropyLoss, which contains it." in told
    view = page(qtbot, window)
    rows = QAccessible.queryAccessibleInterface(view)
    words = [rows.child(n).text(QAccessible.Text.Name) for n in range(rows.childCount())]
    assert any(each.startswith("Warning: Softmax stands") for each in words)
    assert all("Fix: Remove" in each for each in words if each.startswith("Warning"))


def test_a_card_carries_a_sign(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(amiss())
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy")
    cards = window.network.view
    card(window, 3)
    marked = cards.visualRect(window.network.stack.index(4))
    with_sign = cards.viewport().grab(marked).toImage()
    window.network.stack.checks.found.clear()
    window.network.stack.checks._at.clear()
    assert cards.viewport().grab(marked).toImage() != with_sign


def test_warnings_do_not_stand_in_the_way_of_training(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(amiss(epochs=1))
    checked(qtbot, window, "TwoActivations", "SoftmaxBeforeCrossEntropy", "FewSteps")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=60_000)
    with qtbot.waitSignal(window.session.run_shown):
        window.commands.actions["run.train"].trigger()
    assert window.session.state == "running"
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=60_000)
    assert not window.banner.isVisible()


def test_findings_follow_an_edit_of_a_large_network_at_once(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(amiss())
    document, checks = window.session.document, window.network.stack.checks

    def edited(project: Project) -> None:
        with qtbot.waitSignal(checks.changed):
            document.edit("Edit", project)

    def followed(size: int) -> int:
        rows = [layer("Linear", out_features=16) if n % 2 else layer("ReLU") for n in range(size)]
        model = ModelSpec(layers=(layer("Flatten"), *rows, layer("Linear")))
        large = document.project.replace(
            model=model, train=document.project.train.replace(lr=0.001)
        )
        edited(large)
        assert "LrTooHigh" not in rules_of(window)
        calls = work(lambda: edited(large.replace(train=large.train.replace(lr=0.5))))
        assert "LrTooHigh" in rules_of(window)
        return calls

    assert grows_evenly(followed, 99)
