"""The Code tab."""

from PySide6.QtWidgets import QPlainTextEdit

from workbench.ui.naming import named
from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr


class CodePage(Page):
    """The network as PyTorch code."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "code")
        self.view = named(
            QPlainTextEdit(readOnly=True), "code.view", tr("The network as PyTorch code")
        )
        self.rows.addWidget(self.view)

    def draw(self) -> None:
        self.view.setPlainText("\n".join(step.layer.kind for step in self.stack.steps))
