"""A line of text that leaves undo to the project, and the end of typing in it."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit


class Line(QLineEdit):
    """A line whose Ctrl+Z is the project's where it has nothing of its own to undo."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(False)  # a file that is dropped on the window is for the window

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and self._is_for_the_project(event):
            event.ignore()
            return False
        return super().event(event)

    def _is_for_the_project(self, event: QKeyEvent) -> bool:
        undo = event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable()
        return undo or (event.matches(QKeySequence.StandardKey.Redo) and not self.isRedoAvailable())


def commit_typing() -> None:
    """Have the field that is typed into hand in its text: a shortcut or a menu does not end it."""
    focus = QApplication.focusWidget()
    if isinstance(focus, QLineEdit) and focus.isModified():
        focus.setModified(False)
        focus.editingFinished.emit()
