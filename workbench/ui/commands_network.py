"""The rows of the Network menu."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.template import Template
from workbench.ui import dialogs
from workbench.ui.actions import Action
from workbench.ui.own_blocks import SaveBlockDialog, as_group
from workbench.ui.pages import PAGES
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow

MENU = "Network"
PAGE_COMMANDS = (
    ("diagram", "larger", "&Larger", "Zoom in; + in the diagram, or Ctrl and the wheel"),
    ("diagram", "smaller", "&Smaller", "Zoom out; - in the diagram, or Ctrl and the wheel"),
    ("diagram", "fit", "See &All", "As large as its place allows; 0 in the diagram"),
    ("diagram", "turn", "&Turn", "Draw the flow to the right, or down"),
    ("diagram", "fold_current", "&Fold Block", "Draw the selected block as one layer, or open it"),
    ("diagram", "copy", "-&Copy as Picture", "Put the diagram on the clipboard"),
    ("diagram", "save", "Sa&ve…", "Save the diagram as SVG or PNG"),
    ("code", "turn", "Network or &train.py", "Show the network alone, or the whole program"),
    ("code", "open", "-&Open Code…", "Make layers of the network in a Python file"),
    ("code", "paste", "&Paste Code", "Make layers of code on the clipboard; nothing is executed"),
    ("code", "copy", "-&Copy Code", "Put the code that is shown on the clipboard"),
    ("code", "save", "&Save Code…", "Save the code that is shown as a Python file"),
    ("summary", "copy", "&Copy as Markdown", "The table of layers, for a text"),
    ("summary", "save", "&Save as CSV…", "The table of layers, for a spreadsheet"),
)
"""Of a page: its name, its method, and how the command is told."""


def network_rows(window: MainWindow) -> Iterator[Action]:
    """What can be done to the network, and how it is shown."""
    yield from _finding(window)
    yield from _moving(window)
    yield from _blocks(window)
    yield from _showing(window)
    yield from _starting(window)


def _finding(window: MainWindow) -> Iterator[Action]:
    network, find = window.network, window.palette_panel.search

    def add() -> None:
        window.docks["palette"].show()
        find.setFocus()
        find.selectAll()

    def faulty() -> bool:
        return any(step.fault for step in network.stack.steps)

    yield Action("network.add", "&Add Layer…", MENU, add, "Ctrl+L", "Find a layer to add")
    tip = "Go to a layer of the network by a part of its name or type"
    yield Action("network.find", "&Find Layer…", MENU, network.find_bar.open, "Ctrl+F", tip)
    tip = "Mend the first faulty layer by its first fix"
    fix = network.edits.fix_first
    yield Action("network.fix", "F&ix First Problem", MENU, fix, "Ctrl+.", tip, enabled=faulty)


def _moving(window: MainWindow) -> Iterator[Action]:
    edits, chosen = window.network.edits, window.network.view.chosen
    for name, text, run, keys, tip in (
        ("up", "-Move &Up", lambda: edits.shift(-1), "Alt+Up", ""),
        ("down", "Move &Down", lambda: edits.shift(1), "Alt+Down", ""),
        ("into", "Move into &Block Above", edits.shift_in, "Alt+Right", "To the end of its layers"),
        ("out", "Move &Out of Block", edits.shift_out, "Alt+Left", "Behind the block"),
    ):
        yield Action(f"network.{name}", text, MENU, run, keys, tip, enabled=lambda: bool(chosen()))


def _blocks(window: MainWindow) -> Iterator[Action]:
    edits, chosen = window.network.edits, window.network.view.chosen
    submenu = f"{MENU}/Wrap Selected in"
    for kind in LayerSpec.choices().values():
        if not issubclass(kind, BlockSpec):
            continue
        yield Action(
            f"network.wrap.{kind.__name__.lower()}",
            kind.__name__,
            submenu,
            lambda kind=kind: edits.wrap(kind),  # type: ignore[misc]
            "Ctrl+G" if kind.__name__ == "Group" else "",
            kind.summary,
            enabled=lambda: bool(chosen()),
        )
    tip = "One more way from the block's input to its join; Del removes a selected one"
    branch, branching = edits.add_branch, edits.branching
    yield Action("network.branch", "Add &Branch", MENU, branch, "", tip, enabled=branching)
    tip = "Put the layers of the selected block in its place"
    unwrap, wrapped = edits.unwrap, edits.wrapped
    yield Action(
        "network.unwrap", "U&nwrap Block", MENU, unwrap, "Ctrl+Shift+G", tip, enabled=wrapped
    )
    yield from _own_blocks(window)


def _own_blocks(window: MainWindow) -> Iterator[Action]:
    edits, palette = window.network.edits, window.palette_panel

    def save() -> None:
        SaveBlockDialog(window, palette.own, as_group(edits.layers())).open()

    def delete() -> None:
        block = palette.chosen_block()
        if block is None:
            window.session.said.emit(tr("Select one of My blocks in the Layers panel first."))
            return
        question = tr("Delete {title} from My blocks?", title=block.title)
        told = tr("Networks that have it keep its layers.")
        dialogs.ask_to_delete(
            window, "dialog.block.delete", question, told, lambda: palette.own.delete(block)
        )

    yield Action(
        "network.block.save",
        "Save as &Block…",
        MENU,
        save,
        "Ctrl+Shift+B",
        "Keep the selected layers among My blocks, for any network",
        enabled=lambda: bool(edits.layers()),
    )
    yield Action(
        "network.block.delete",
        "Delete from My Blocks…",
        MENU,
        delete,
        tip="Remove the block that is selected in the Layers panel; asks first",
        within=palette.tree,
    )


def _showing(window: MainWindow) -> Iterator[Action]:
    network = window.network
    for number, name in enumerate(("layers", *PAGES), 1):
        yield Action(
            f"network.tab.{name}",
            name.capitalize(),
            f"{MENU}/Show As",
            lambda name=name: network.show_tab(name),  # type: ignore[misc]
            f"Alt+{number}",
        )
    for name, run, text, tip in PAGE_COMMANDS:
        yield Action(
            f"network.{name}.{run}",
            text,
            f"{MENU}/{name.capitalize()}",
            lambda name=name, run=run: getattr(network.page(name), run)(),  # type: ignore[misc]
            tip=tip,
        )
    fold, unfold = network.view.collapseAll, network.view.expandAll
    yield Action("network.fold", "Fold All Blocks", MENU, fold, "Ctrl+Shift+Up")
    yield Action("network.unfold", "Unfold All Blocks", MENU, unfold, "Ctrl+Shift+Down")


def _starting(window: MainWindow) -> Iterator[Action]:
    for template in Template.by_topic():
        yield Action(
            f"network.template.{template.name}",
            template.title,
            f"{MENU}/New from Template/{template.topic}",
            lambda template=template: window.files.if_saved(  # type: ignore[misc]
                lambda: window.files.start(template.project())
            ),
            tip=template.summary,
        )
