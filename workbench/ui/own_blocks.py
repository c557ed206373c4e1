"""The user's own blocks in the window: kept, saved under a title, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.catalog.layers.blocks import Group
from workbench.core import blocks_store
from workbench.core.blocks_store import OwnBlock
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, counted
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr


class OwnBlocks(QObject):
    """The blocks on this machine; a file that holds none is told once."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._told: set[Path] = set()
        self.blocks: list[OwnBlock] = []
        self._read()

    def _read(self) -> None:
        self.blocks, faults = blocks_store.read_all()
        for path in faults.keys() - self._told:
            self._told.add(path)
            # later: at the start there is nothing yet that could show it
            QTimer.singleShot(0, self, lambda error=faults[path]: self._fail(error))

    def _fail(self, error: UserError) -> None:
        self._session.failed.emit(error, False)

    def titled(self, title: str) -> OwnBlock | None:
        """The block of this title."""
        return next((block for block in self.blocks if block.title == title), None)

    def save(self, title: str, group: Group) -> bool:
        """Keep a group under a title, in place of the block that had it; whether it is kept."""
        block = OwnBlock(title=title, block=group.replace(title=title))
        is_kept = self._do(lambda: blocks_store.save(block))
        if is_kept:
            self._session.said.emit(tr("{title} is now among My blocks.", title=title))
        return is_kept

    def delete(self, block: OwnBlock) -> None:
        """Remove a block from this machine; networks keep what they have of it."""
        self._do(lambda: blocks_store.delete(block))

    def _do(self, change: Callable[[], None]) -> bool:
        is_done = True
        try:
            change()
        except UserError as error:
            self._fail(error)
            is_done = False
        self._read()
        self.changed.emit()
        return is_done


def as_group(layers: tuple[LayerSpec, ...]) -> Group:
    """The group that is selected alone, or one around the selected layers."""
    if len(layers) == 1 and isinstance(layers[0], Group):
        return layers[0]
    return Group(layers=layers)


class SaveBlockDialog(QDialog):
    """Asks for the title of an own block."""

    def __init__(self, parent: QWidget, own: OwnBlocks, group: Group) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.block")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Save as block"))
        self._own, self._group = own, group
        self._title = named(
            QLineEdit(group.title, maxLength=64),
            "dialog.block.title",
            tr("Title"),
            tr("What the block is called among My blocks"),
        )
        self._told = styled(named(QLabel(wordWrap=True), "dialog.block.told"), "muted")
        self._lay_out()
        self._title.textChanged.connect(self._tell)
        self._tell()
        self._title.selectAll()

    def _lay_out(self) -> None:
        self.setMinimumWidth(380)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        label = named(QLabel(tr("&Title")), "dialog.block.title.label")
        label.setBuddy(self._title)
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Save | button.Cancel)
        self._save = buttons.button(button.Save)
        named(self._save, "dialog.block.save", tr("Save"), tr("Keep it for any network"))
        styled(self._save, "primary")
        cancel = buttons.button(button.Cancel)
        named(cancel, "dialog.block.cancel", cancel.text(), tr("Keep nothing"))
        for widget in (label, self._title, self._told, buttons):
            column.addWidget(widget)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

    def _text(self) -> str:
        return self._title.text().strip()

    def _tell(self) -> None:
        self._save.setEnabled(bool(self._text()))
        count = counted(len(self._group.layers), tr("layer"), tr("layers"))
        if self._own.titled(self._text()):
            self._told.setText(tr("It takes the place of the block that has this title now."))
        else:
            self._told.setText(tr("{count}, to be found in the Layers panel.", count=count))

    def accept(self) -> None:
        """Save the block; if the disk refuses, another try may follow."""
        if self._own.save(self._text(), self._group):
            super().accept()
