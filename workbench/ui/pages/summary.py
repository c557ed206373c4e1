"""The Summary tab."""

from PySide6.QtWidgets import QPlainTextEdit

from workbench.ui.naming import named
from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr


class SummaryPage(Page):
    """The network as a table."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "summary")
        self.view = named(
            QPlainTextEdit(readOnly=True), "summary.view", tr("The network as a table")
        )
        self.rows.addWidget(self.view)

    def draw(self) -> None:
        self.view.setPlainText("\n".join(step.layer.kind for step in self.stack.steps))
