"""A row of a form: the editor of one value, and how a value is written and read."""

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.core.spec import Spec
from workbench.ui.file_line import FileLine
from workbench.ui.line import Line, TextField
from workbench.ui.naming import styled
from workbench.ui.text import tr


def value_text(value: Any) -> str:
    """A field's value as people write it: `3 × 5` for a pair, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        sign = " × " if all(isinstance(part, int) for part in value) else ", "
        return sign.join(map(value_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _choice_text(value: Any) -> str:
    """What is written for one of several choices."""
    return tr(value.label) if isinstance(value, Spec) else value_text(value)


def value_of(text: str) -> Any:
    """What a person wrote: a number, a pair as `3 × 5`, `3x5` or `3, 5`, a word, or None."""
    text = text.strip()
    if not text:
        return None
    for sign in ("×", "x", ","):
        if sign in text and all(_number(part) is not None for part in text.split(sign)):
            return tuple(_number(part) for part in text.split(sign))
    number = _number(text)
    return text if number is None else number


def _number(text: str) -> int | float | None:
    try:
        found = json.loads(text.strip().lstrip("+"))
    except ValueError:
        return None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


class Row(QWidget):
    """An editor for one value, and a line below it for what is wrong."""

    written = Signal(object)

    def __init__(
        self,
        name: str,
        value: Any,
        choices: Sequence[Any] | None,
        is_long: bool = False,
        files: str = "",
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._values: list[Any] = []
        self.title = self.reason = ""
        self._fault = styled(QLabel(wordWrap=True), "fault")
        self._fault.hide()
        if files:
            self.editor: QWidget = self._line(FileLine(name, files), value)
        else:
            self.editor = self._text() if is_long else self._made(value, choices)
        self.editor.setObjectName(name)
        column.addWidget(self.editor)
        column.addWidget(self._fault)

    def _made(self, value: Any, choices: Sequence[Any] | None) -> QWidget:
        if choices is not None:
            return self._combo(choices, value)
        if isinstance(value, bool):
            box = QCheckBox()
            box.clicked.connect(lambda on: self.written.emit(on))
            return box
        return self._line(Line(), value)

    def _line(self, line: Line, value: Any) -> Line:
        line.editingFinished.connect(lambda: self._line_done(line, value))
        return line

    def _text(self) -> QWidget:
        field = TextField()
        field.editingFinished.connect(lambda: self._text_done(field))
        return field

    def _text_done(self, field: TextField) -> None:
        field.setModified(False)
        self.written.emit(field.toPlainText())

    def _line_done(self, line: QLineEdit, value: Any) -> None:
        line.setModified(False)
        self.written.emit(self._read(line.text(), value))

    @staticmethod
    def _read(text: str, value: Any) -> Any:
        return text if isinstance(value, str) and _number(text) is None else value_of(text)

    def _combo(self, choices: Sequence[Any], value: Any) -> QComboBox:
        box = QComboBox()
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.setMinimumContentsLength(6)
        box.installEventFilter(self)
        if not isinstance(value, Spec) and not all(isinstance(c, str) for c in choices):
            box.setEditable(True)
            box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            line = box.lineEdit()
            assert line is not None
            line.editingFinished.connect(lambda: self.written.emit(value_of(box.currentText())))
        box.activated.connect(self._picked)
        self.editor = box
        self.offer(choices, value)
        return box

    def _picked(self, index: int) -> None:
        if 0 <= index < len(self._values):
            self.written.emit(self._values[index])

    def offer(self, choices: Sequence[Any], value: Any) -> None:
        """Fill the list of values."""
        box = self.editor
        if not isinstance(box, QComboBox):
            return
        self._values = list(choices)
        box.clear()
        for choice in choices:
            box.addItem(_choice_text(choice))
            summary = getattr(choice, "summary", "")
            box.setItemData(box.count() - 1, tr(summary), Qt.ItemDataRole.ToolTipRole)
        self.show_value(value)

    def show_value(self, value: Any) -> None:
        """Show a value, and forget what was wrong before."""
        if isinstance(self.editor, QCheckBox):
            self.editor.setChecked(bool(value))
        elif isinstance(self.editor, QLineEdit | TextField):
            self._show_text(self.editor, value_text(value))
        elif isinstance(self.editor, QComboBox):
            text = _choice_text(value)
            self.editor.setCurrentIndex(self.editor.findText(text))
            if self.editor.isEditable():
                self.editor.setEditText(text)
        self.complain("")

    @staticmethod
    def _show_text(editor: QLineEdit | TextField, text: str) -> None:
        if editor.hasFocus() and editor.isModified():
            return  # a person is typing
        if isinstance(editor, QLineEdit):
            editor.setText(text)
        elif text != editor.toPlainText():  # else the caret would go to the beginning
            editor.setPlainText(text)

    def show_in_force(self, value: Any) -> None:
        """Show palely, where the field is empty, what it is taken for."""
        if isinstance(self.editor, QLineEdit):
            self.editor.setPlaceholderText(value_text(value))

    def describe(self, title: str, tip: str) -> None:
        """Give the editor its tooltip and its name for screen readers."""
        self.title = title
        self.editor.setAccessibleName(title)
        self.editor.setAccessibleDescription(tip)
        self.editor.setToolTip(tip)

    def complain(self, reason: str) -> None:
        """Tell what is wrong with what was written; an empty reason takes it back."""
        if reason == self.reason:
            return  # the style is not asked anew for nothing
        self.reason = reason
        self._fault.setText(reason)
        self._fault.setVisible(bool(reason))
        self.editor.setProperty("fault", bool(reason))
        self.editor.style().polish(self.editor)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Scrolling a form must not change a list that happens to lie under the pointer.
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return super().eventFilter(watched, event)
