"""A form for any Spec: its fields are the rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.core.reasons import reason
from workbench.core.spec import Spec
from workbench.ui.line import LONGEST_LINE, Line, TextField
from workbench.ui.naming import styled
from workbench.ui.text import capital, sentence, tr

Choices = Mapping[str, Sequence[Any]]


def value_text(value: Any) -> str:
    """A field's value as people write it: `3 × 5` for a pair, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        sign = " × " if all(isinstance(part, int) for part in value) else ", "
        return sign.join(map(value_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


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


class SpecForm(QWidget):
    """Rows to edit a Spec. `edited` carries the new Spec and the field; a wrong value is told
    under its row and nothing is edited."""

    edited = Signal(object, str)

    def __init__(self, name: str, choices: Choices | None = None) -> None:
        super().__init__()
        self.setObjectName(name)
        self.choices: dict[str, Sequence[Any]] = dict(choices or {})
        self.spec: Spec | None = None
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(6)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._rows: dict[str, Row] = {}

    def show_spec(self, spec: Spec, skip: Sequence[str] = ()) -> None:
        """Show a Spec; rows are kept where the kind is the same, so that no caret jumps."""
        if self.spec is None or type(spec) is not type(self.spec):
            self._rebuild(spec, skip)
        self.spec = spec
        for name, row in self._rows.items():
            row.show_value(getattr(spec, name))
            row.show_in_force(spec.in_force(name))

    def fault(self) -> str:
        """The first row that holds what it should not, and why; empty if all is well."""
        return next((row.reason for row in self._rows.values() if row.reason), "")

    def set_choices(self, field: str, values: Sequence[Any]) -> None:
        """Offer other values for a field with a list of them."""
        self.choices[field] = values
        if field in self._rows and self.spec is not None:
            self._rows[field].offer(values, getattr(self.spec, field))

    def complain(self, field: str, reason: str) -> None:
        """Tell below a field why its value can't be taken."""
        self._rows[field].complain(reason)

    def _rebuild(self, spec: Spec, skip: Sequence[str]) -> None:
        while self._layout.rowCount():
            self._layout.removeRow(0)
        self._rows = {}
        for name in type(spec).model_fields:
            if name not in skip:
                self._add(name, spec)

    def _add(self, name: str, spec: Spec) -> None:
        field = type(spec).model_fields[name]
        choices = self.choices.get(name, _literals(field.annotation))
        is_long = any(getattr(each, "max_length", 0) > LONGEST_LINE for each in field.metadata)
        row = Row(f"{self.objectName()}.{name}", getattr(spec, name), choices, is_long)
        title = tr(field.title or name.replace("_", " ").capitalize())
        label = QLabel(title)
        label.setMinimumHeight(28)
        label.setBuddy(row.editor)
        hint = f"{type(spec).__name__}.{name}"
        row.describe(title, f"{tr(field.description or '')}\n{hint}".strip())
        label.setToolTip(row.editor.toolTip())
        row.written.connect(lambda value: self._edit(name, value))
        self._layout.addRow(label, row)
        self._rows[name] = row

    def _edit(self, name: str, value: Any) -> None:
        if self.spec is None or value == getattr(self.spec, name):
            self._rows[name].complain("")
            return
        try:
            spec = self.spec.replace(**{name: value})
        except ValidationError as error:
            self._rows[name].complain(_told(error, self._rows[name].title))
            return
        self._rows[name].complain("")
        self.edited.emit(spec, name)


def _literals(annotation: Any) -> Sequence[Any] | None:
    """The words that a field takes, if it takes these only."""
    return get_args(annotation) if get_origin(annotation) is Literal else None


def _told(error: ValidationError, title: str) -> str:
    """Why a value was refused, as a sentence about the field of that title."""
    found = reason(error)
    text = sentence(found.text)
    if found.is_clause:
        return tr("{clause}.", clause=capital(text))
    return tr("{field} {reason}.", field=title, reason=text)


class Row(QWidget):
    """An editor for one value, and a line below it for what is wrong."""

    written = Signal(object)

    def __init__(
        self, name: str, value: Any, choices: Sequence[Any] | None, is_long: bool = False
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._values: list[Any] = []
        self.title = self.reason = ""
        self._fault = styled(QLabel(wordWrap=True), "fault")
        self._fault.hide()
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
        line = Line()
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
            box.addItem(choice.kind if isinstance(choice, Spec) else value_text(choice))
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
            text = value.kind if isinstance(value, Spec) else value_text(value)
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
