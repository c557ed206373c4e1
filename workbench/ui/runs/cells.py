"""The cells of the table of runs: how they look in a selected row, and the line to edit them."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.ui.naming import named
from workbench.ui.runs.table import RunsTable

EDITED = 240  # pixels that a cell takes at least while somebody types into it


class Cells(QStyledItemDelegate):
    """Cells keep their colours in a selected row, and are edited as a line of text."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        shade = index.data(Qt.ItemDataRole.ForegroundRole)
        if shade:
            option.palette.setColor(QPalette.ColorRole.HighlightedText, shade)

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        table = index.model()
        assert isinstance(table, RunsTable)
        column = table.columns[index.column()]
        editor = named(QLineEdit(parent), f"runs.edit.{column.edits}", column.title, column.tip)
        editor.setMaxLength(200 if column.edits == "name" else 100_000)
        return editor

    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().updateEditorGeometry(editor, option, index)
        place, around = editor.geometry(), editor.parentWidget()
        assert around
        place.setWidth(max(place.width(), EDITED))
        place.moveRight(min(place.right(), max(around.rect().right(), place.width())))
        editor.setGeometry(place)

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        # Qt asks for this at every change of the row, such as the next epoch of a run at work.
        if isinstance(editor, QLineEdit) and not editor.isModified():
            super().setEditorData(editor, index)
