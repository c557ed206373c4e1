"""The line in which a layer of the network is looked for."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from workbench.core.walk import Step
from workbench.ui.naming import named, sign_button, styled
from workbench.ui.stack import Stack
from workbench.ui.stack_view import StackView
from workbench.ui.text import tr


class FindBar(QWidget):
    """Goes to the layers whose name or type contains what is typed; Enter goes to the next one."""

    def __init__(self, stack: Stack, view: StackView) -> None:
        super().__init__()
        self._stack, self._view = stack, view
        self.line = named(
            QLineEdit(placeholderText=tr("Name or type of a layer")),
            "network.find",
            tr("Find a layer of the network"),
            tr("Enter goes to the next one, Shift+Enter back, Escape ends"),
        )
        self.told = styled(named(QLabel(), "network.found"), "muted")
        close = named(sign_button("✕"), "network.find.close", tr("End finding"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        for widget in (self.line, self.told, close):
            row.addWidget(widget)
        row.setStretch(0, 1)
        self.line.textEdited.connect(lambda: self._go(0))
        close.clicked.connect(self.leave)
        self.hide()

    def open(self) -> None:
        """Show the line, ready to be typed into."""
        self.show()
        self.line.setFocus()
        self.line.selectAll()

    def leave(self) -> None:
        """Hide the line; the layer that was found stays selected."""
        self.hide()
        self._view.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._go(-1 if back else 1)
        else:
            super().keyPressEvent(event)

    def _go(self, by: int) -> None:
        """Select the first layer found, or the next one `by` places from the selected one."""
        found = [step.path for step in self._stack.steps if self._suits(step)]
        chosen = self._view.chosen()
        at = found.index(chosen[0]) + by if chosen and chosen[0] in found else 0
        if found:
            self._view.select([found[at % len(found)]])
        number = f"{at % len(found) + 1} / {len(found)}" if found else tr("no such layer")
        self.told.setText(number if self.line.text() else "")
        missed = bool(self.line.text()) and not found
        for role in ("fault", "muted"):
            self.told.setProperty(role, missed == (role == "fault"))
        self.told.style().polish(self.told)

    def _suits(self, step: Step) -> bool:
        wanted = self.line.text().strip().casefold()
        return bool(wanted) and wanted in f"{step.layer.kind} {step.layer.name}".casefold()
