"""What must be decided before files can be used: a table's target, which array is which."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.data import DatasetSpec
from workbench.core.layer import counted, shape_text
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.text import tr

KINDS = {"number": "number", "category": "category", "text": "text", "empty": "no values"}


def own_fields(data: DatasetSpec) -> list[str]:
    """The fields that only this source has: not where its files are, nor how samples are split."""
    general = {*DatasetSpec.model_fields, "path", "facts", "test_fraction", "root"}
    return [name for name in type(data).model_fields if name not in general]


class Question(QDialog):
    """Shows what was found, asks for the source's own fields, and hands the data to `take`."""

    def __init__(
        self,
        parent: QWidget,
        data: DatasetSpec,
        take: Callable[[DatasetSpec], object],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.question")
        self.setWindowTitle(tr("Open data"))
        self._data, self._take = data, take
        self.resize(760, 480)
        self._heading = styled(named(QLabel(), "dialog.question.heading"), "heading")
        self._told = styled(named(QLabel(wordWrap=True), "dialog.question.told"), "muted")
        self.form = SpecForm("dialog.question.form")
        self.form.edited.connect(lambda spec, _: self._show(spec))
        self.columns = named(
            QTableWidget(), "dialog.question.columns", tr("What was found in the columns")
        )
        self._lay_out()
        self._show(data)
        self._fill_columns()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(self._heading)
        column.addWidget(self._told)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.form.setFixedWidth(310)
        row.addWidget(self.form)
        row.addWidget(self.columns, 1)
        column.addLayout(row, 1)
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Ok | button.Cancel)
        ok, cancel = buttons.button(button.Ok), buttons.button(button.Cancel)
        ok.setText(tr("Open"))
        styled(ok, "primary")
        named(ok, "dialog.question.open", tr("Open"), tr("Train on these data"))
        named(cancel, "dialog.question.cancel", cancel.text(), tr("Keep the present data"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _show(self, data: DatasetSpec) -> None:
        self._data = data
        own = own_fields(data)
        self.form.choices.update(
            {name: values for name, values in data.offers().items() if name != "features"}
        )
        self.form.show_spec(data, skip=[n for n in type(data).model_fields if n not in own])
        info = data.info()
        self._heading.setText(info.title)
        goal = (
            counted(len(info.classes), tr("class"), tr("classes"))
            if info.task == "classification"
            else tr("a number")
        )
        self._told.setText(
            tr(
                "{count} samples of {shape}; {target} is predicted: {goal}.",
                count=f"{sum(info.sizes.values()):,}",
                shape=shape_text(info.shape),
                target=info.target,
                goal=goal,
            )
        )

    def _fill_columns(self) -> None:
        columns = getattr(getattr(self._data, "facts", None), "columns", ())
        self.columns.setVisible(bool(columns))
        heads = (tr("Column"), tr("Holds"), tr("Missing"), tr("Values"))
        self.columns.setColumnCount(len(heads))
        self.columns.setHorizontalHeaderLabels(heads)
        self.columns.setRowCount(len(columns))
        self.columns.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.columns.setTabKeyNavigation(False)
        self.columns.verticalHeader().setVisible(False)
        self.columns.horizontalHeader().setStretchLastSection(True)
        for row, found in enumerate(columns):
            values = ", ".join(found.values[:6]) + (" …" if len(found.values) > 6 else "")
            many = tr("{count} different", count=f"{found.distinct:,}")
            cells = (found.name, tr(KINDS[found.holds]), f"{found.missing:,}", values or many)
            for place, text in enumerate(cells):
                self.columns.setItem(row, place, QTableWidgetItem(text))
        self.columns.resizeColumnsToContents()

    def accept(self) -> None:
        """Open, unless a row of the form holds what it should not."""
        if self.form.fault():
            return
        super().accept()
        self.deleteLater()
        self._take(self._data)

    def reject(self) -> None:
        """Keep the present data."""
        super().reject()
        self.deleteLater()
