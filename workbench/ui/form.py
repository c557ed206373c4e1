"""A form for any Spec: its fields are the rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QLabel,
    QWidget,
)

from workbench.core.reasons import reason
from workbench.core.spec import Spec
from workbench.ui.form_row import Row
from workbench.ui.line import LONGEST_LINE
from workbench.ui.text import capital, sentence, tr

Choices = Mapping[str, Sequence[Any]]


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
            self._layout.setRowVisible(row, spec.matters(name))

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
        files = _files(field.json_schema_extra)
        row = Row(f"{self.objectName()}.{name}", getattr(spec, name), choices, is_long, files)
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
        self.show_spec(spec)  # the next edit builds on it, before anybody draws
        self.edited.emit(spec, name)


def _literals(annotation: Any) -> Sequence[Any] | None:
    """The words that a field takes, if it takes these only."""
    return get_args(annotation) if get_origin(annotation) is Literal else None


def _files(extra: object) -> str:
    """The filter of a file dialog, for a field that holds a path."""
    return str(extra.get("files", "")) if isinstance(extra, Mapping) else ""


def _told(error: ValidationError, title: str) -> str:
    """Why a value was refused, as a sentence about the field of that title."""
    found = reason(error)
    text = sentence(found.text)
    if found.is_clause:
        return tr("{clause}.", clause=capital(text))
    return tr("{field} {reason}.", field=title, reason=text)
