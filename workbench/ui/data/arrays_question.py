"""Which array of a file holds the inputs and which the targets, where no name says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.layer import shape_text
from workbench.core.shown import ArraysTold
from workbench.ui.asking import Asking
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr


class ArraysQuestion(QDialog):
    """Opens itself once the arrays are known; where there are no two to choose from, tells the
    error that led here instead."""

    def __init__(
        self,
        parent: QWidget,
        path: Path,
        error: UserError,
        session: Session,
        chosen: Callable[[str, str], None],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.arrays")
        self.setWindowTitle(tr("Open data"))
        self.setMinimumWidth(440)
        self._session, self._error, self._chosen = session, error, chosen
        self._told = False
        self._title = path.name
        self.inputs = named(
            QComboBox(), "dialog.arrays.inputs", tr("Inputs"), tr("The array of samples")
        )
        self.targets = named(
            QComboBox(), "dialog.arrays.targets", tr("Targets"), tr("What is to be predicted")
        )
        self._lay_out()
        self._asking = Asking(session, self._answered, self)
        self._asking.changed.connect(self._give_up)
        self._asking.ask("looking.arrays", str(path))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        heading = styled(named(QLabel(self._title), "dialog.arrays.heading"), "heading")
        why = styled(QLabel(sentence(self._error), wordWrap=True), "muted")
        column.addWidget(heading)
        column.addWidget(named(why, "dialog.arrays.why"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("Inputs"), self.inputs)
        form.addRow(tr("Targets"), self.targets)
        column.addLayout(form)
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Ok | button.Cancel)
        ok, cancel = buttons.button(button.Ok), buttons.button(button.Cancel)
        ok.setText(tr("Open"))
        styled(ok, "primary")
        named(ok, "dialog.arrays.open", tr("Open"), tr("Train on these data"))
        named(cancel, "dialog.arrays.cancel", cancel.text(), tr("Keep the present data"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _answered(self, event: Event) -> None:
        if not isinstance(event, ArraysTold) or len(event.arrays) < 2:
            return
        self._told = True
        for name, shape, kind in event.arrays:
            text = f"{name}   {shape_text(shape)}   {kind.lstrip('<>|=')}"
            self.inputs.addItem(text, name)
            if len(shape) == 1 or shape[1:] == (1,):
                self.targets.addItem(text, name)
        largest = max(range(len(event.arrays)), key=lambda place: len(event.arrays[place][1]))
        self.inputs.setCurrentIndex(largest)
        self.open()

    def _give_up(self) -> None:
        if not self._asking.busy and not self._told:
            self._session.failed.emit(self._error, False)
            self.deleteLater()

    def done(self, result: int) -> None:
        """Close, and ask no more."""
        self._asking.stop()
        super().done(result)
        self.deleteLater()

    def accept(self) -> None:
        """Open the file with these arrays."""
        super().accept()
        self._chosen(self.inputs.currentData(), self.targets.currentData() or "")
