"""What must be decided before files can be used: a table's target and what it is told from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.data import DatasetSpec
from workbench.core.events import DatasetRecognized, Event
from workbench.core.layer import counted
from workbench.core.shown import TableHead
from workbench.core.spec import told
from workbench.ui.asking import Asking
from workbench.ui.data.columns_found import ROWS, ColumnsFound
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr


def own_fields(data: DatasetSpec) -> list[str]:
    """The fields that only this source has: not where its files are, nor how samples are split."""
    general = {*DatasetSpec.model_fields, "path", "facts", "test_fraction"}
    return [name for name in type(data).model_fields if name not in general]


class Question(QDialog):
    """Shows what was found, asks for the source's own fields, and hands the data to `take`."""

    def __init__(
        self,
        parent: QWidget,
        data: DatasetSpec,
        session: Session,
        take: Callable[[DatasetSpec], object],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.question")
        self.setWindowTitle(tr("Open data"))
        self._data, self._take = data, take
        self.resize(860, 480)
        self._heading = styled(named(QLabel(), "dialog.question.heading"), "heading")
        self._told = styled(named(QLabel(wordWrap=True), "dialog.question.told"), "muted")
        self._fault = styled(named(QLabel(wordWrap=True), "dialog.question.fault"), "fault")
        self.form = SpecForm("dialog.question.form")
        self.form.edited.connect(self._edited)
        self._columns_found(data)
        self._lay_out()
        self._show(data)
        self._asking = Asking(session, self._answered, self)
        self._asking.changed.connect(self._ended)
        self._asking.ask("looking.head", data, ROWS)

    def _columns_found(self, data: DatasetSpec) -> None:
        self.columns = ColumnsFound(data)
        self.columns.features_chosen.connect(self._choose_features)

    def _edited(self, data: DatasetSpec, field: str) -> None:
        if field == "header":
            self._open.setEnabled(False)
            self._asking.ask("sources.resurveyed", data)
        else:
            self._show(data)

    def _found_again(self, data: DatasetSpec) -> None:
        """Another header makes other columns."""
        before = self.columns
        self._columns_found(data)
        self._row.replaceWidget(before, self.columns)
        before.hide()
        before.deleteLater()
        self._show(data)
        self._asking.ask("looking.head", data, ROWS)

    def _ended(self) -> None:
        """Told after each answer: what could not be read again leaves all as it was."""
        if self._asking.busy:
            return
        if self._asking.fault and not self._open.isEnabled():
            self._show(self._data)
            self._complain(self._asking.fault)
        self._open.setEnabled(True)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(self._heading)
        column.addWidget(self._told)
        self._row = row = QHBoxLayout()
        row.setSpacing(16)
        self.form.setFixedWidth(300)
        row.addWidget(self.form)
        row.addWidget(self.columns, 1)
        column.addLayout(row, 1)
        column.addWidget(self._fault)
        column.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Ok | button.Cancel)
        self._open = ok = buttons.button(button.Ok)
        cancel = buttons.button(button.Cancel)
        ok.setText(tr("Open"))
        ok.setDefault(True)
        styled(ok, "primary")
        named(ok, "dialog.question.open", tr("Open"), tr("Train on these data"))
        named(cancel, "dialog.question.cancel", cancel.text(), tr("Keep the present data"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def _show(self, data: DatasetSpec) -> None:
        self._data = data
        asked = [name for name in own_fields(data) if name != "features"]
        for field, values in data.offers().items():
            self.form.set_choices(field, values)
        self.form.show_spec(data, skip=[n for n in type(data).model_fields if n not in asked])
        self.columns.show_features(data)
        self._fault.hide()
        info = data.info()
        goal = (
            counted(len(info.classes), tr("class"), tr("classes"))
            if info.task == "classification"
            else tr("a number")
        )
        self._heading.setText(info.title)
        self._told.setText(
            tr(
                "{count} samples of {features}. {target} is predicted: {goal}.",
                count=f"{sum(info.sizes.values()):,}",
                features=counted(len(info.features), tr("feature"), tr("features")),
                target=info.target,
                goal=goal,
            )
        )

    def _choose_features(self, names: Sequence[str]) -> None:
        """Learn from the ticked columns; a choice that can't be is told and taken back."""
        if not names:
            self._complain(tr("Tick at least one column to learn from."))
            return
        try:
            data = self._data.replace(features=tuple(names))
        except ValidationError as error:
            self._complain(sentence(told(error, tr("Features"))))
            return
        self._show(data)

    def _complain(self, text: str) -> None:
        self.columns.show_features(self._data)
        self._fault.setText(text)
        self._fault.show()

    def _answered(self, event: Event) -> None:
        if isinstance(event, TableHead):
            self.columns.show_head(event)
        elif isinstance(event, DatasetRecognized):
            self._found_again(event.data)

    def done(self, result: int) -> None:
        """Close, and ask no more."""
        self._asking.stop()
        super().done(result)
        self.deleteLater()

    def accept(self) -> None:
        """Open, unless a row of the form holds what it should not."""
        if not self.form.fault():
            super().accept()
            self._take(self._data)
