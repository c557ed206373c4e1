"""Every command as a row: id, text, menu, shortcut, what it does and when it can be done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from workbench.ui.line import commit_typing
from workbench.ui.text import tr

MENUS = ("File", "Edit", "Network", "Model", "Data", "Run", "View", "Help")


@dataclass(frozen=True)
class Action:
    """A command. `menu` is a path, `View/Theme`; `-` in front of the text draws a line above."""

    id: str
    text: str
    menu: str
    run: Callable[[], Any]
    shortcut: str = ""
    tip: str = ""
    enabled: Callable[[], bool] | None = None
    checked: Callable[[], bool] | None = None
    within: QWidget | None = None
    """The widget in which the shortcut works; the whole window if None."""


class Commands:
    """The rows as Qt actions, in menus; those below the menu bar are made as rows name them."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._rows: list[Action] = []
        self._menus: dict[str, QMenu] = {}
        self.actions: dict[str, QAction] = {}
        for title in MENUS:
            self.menu(title)

    def add(self, rows: Iterable[Action]) -> None:
        """Put commands into the menus, in their order."""
        for row in rows:
            self._rows.append(row)
            self.actions[row.id] = self._made(row)

    def menu(self, path: str) -> QMenu:
        """The menu at `path`, made if it is not there."""
        if path not in self._menus:
            parent, _, title = path.rpartition("/")
            home = self.menu(parent) if parent else self._window.menuBar()
            made = home.addMenu(tr(title))
            made.setObjectName(f"menu.{path}")
            made.setToolTipsVisible(True)
            made.aboutToShow.connect(self.refresh)
            self._menus[path] = made
        return self._menus[path]

    def _made(self, row: Action) -> QAction:
        text = row.text.removeprefix("-")
        action = QAction(tr(text), self._window)
        action.setObjectName(row.id)
        keys = QKeySequence(row.shortcut)
        if row.shortcut:
            action.setShortcut(keys)
        shown = (
            f" ({keys.toString(QKeySequence.SequenceFormat.NativeText)})" if row.shortcut else ""
        )
        action.setToolTip(tr(row.tip or text.replace("&", "").rstrip("…")) + shown)
        action.setStatusTip(tr(row.tip))
        path = " › ".join(tr(part) for part in row.menu.split("/"))
        action.setData(f"{path} › {tr(text).replace('&', '').rstrip('…')}")  # the search's words
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda _=False: self._run(row))
        menu = self.menu(row.menu)
        if row.text.startswith("-"):
            menu.addSeparator()
        menu.addAction(action)
        if row.within:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (row.within or self._window).addAction(action)
        return action

    @staticmethod
    def _run(row: Action) -> None:
        commit_typing()
        row.run()

    def refresh(self) -> None:
        """Ask every row anew whether it can be done, and whether it is checked."""
        for row in self._rows:
            action = self.actions[row.id]
            if row.enabled is not None:
                action.setEnabled(row.enabled())
            if row.checked is not None:
                action.setChecked(row.checked())
