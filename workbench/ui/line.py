"""Fields of text that leave undo to the project, and the end of typing in them."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

LONGEST_LINE = 32_767  # characters; a QLineEdit cuts what is longer


class Line(QLineEdit):
    """A line whose Ctrl+Z is the project's where it has nothing of its own to undo."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(False)  # a file that is dropped on the window is for the window

    def event(self, event: QEvent) -> bool:
        if _is_for_the_project(event, self.isUndoAvailable(), self.isRedoAvailable()):
            event.ignore()
            return False
        return super().event(event)


class TextField(QPlainTextEdit):
    """Lines of text, of any length; Enter begins a line, Tab leaves."""

    editingFinished = Signal()  # noqa: N815  as QLineEdit calls it
    """What was changed is to be taken: the field has lost the focus."""

    def __init__(self) -> None:
        super().__init__(tabChangesFocus=True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(6 * self.fontMetrics().lineSpacing() + 12)

    def isModified(self) -> bool:
        """Whether somebody has typed."""
        return self.document().isModified()

    def setModified(self, on: bool) -> None:
        """Set that mark."""
        self.document().setModified(on)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.isModified():
            self.editingFinished.emit()

    def event(self, event: QEvent) -> bool:
        document = self.document()
        if _is_for_the_project(event, document.isUndoAvailable(), document.isRedoAvailable()):
            event.ignore()
            return False
        return super().event(event)


def _is_for_the_project(event: QEvent, can_undo: bool, can_redo: bool) -> bool:
    """Whether it is a key to undo or redo, and the field has nothing of its own to do so."""
    if not isinstance(event, QKeyEvent):
        return False
    undo = event.matches(QKeySequence.StandardKey.Undo) and not can_undo
    return undo or (event.matches(QKeySequence.StandardKey.Redo) and not can_redo)


def commit_typing() -> None:
    """Have the field that is typed into hand in its text: a shortcut or a menu does not end it."""
    focus = QApplication.focusWidget()
    if isinstance(focus, QLineEdit | TextField) and focus.isModified():
        focus.setModified(False)
        focus.editingFinished.emit()
