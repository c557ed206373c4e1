"""The Code tab: the network as PyTorch code, and the whole training program."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workbench.core.codegen import Code, generate
from workbench.ui.code_view import CodeView
from workbench.ui.naming import named
from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr


class CodePage(Page):
    """The lines of the current layer are marked; a click on a line makes its layer current."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "code")
        self._code = Code("", ())
        self.view = named(
            CodeView(session.theme),
            "code.view",
            tr("The network as PyTorch code"),
            tr("Click a line to select its layer"),
        )
        self.rows.addWidget(self._made_bar())
        self.rows.addWidget(self.view)
        self.view.line_clicked.connect(self._pick)

    def _made_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 4)
        row.addStretch(1)
        copy = named(QPushButton(tr("Copy")), "code.copy", tr("Copy the code to the clipboard"))
        copy.clicked.connect(self.copy)
        row.addWidget(copy)
        return bar

    def draw(self) -> None:
        project = self.session.document.project
        self._code = generate(project.model, project.data.info().shape)
        self.view.show_code(self._code.text)
        self.view.mark(self._code.lines_of(self.current) if self.current else [])

    def _pick(self, line: int) -> None:
        path = self._code.layer_at(line)
        if path is not None:
            self.picked.emit(path)

    def copy(self) -> None:
        """Put the code on the clipboard."""
        QGuiApplication.clipboard().setText(self._code.text)
        self.session.said.emit(tr("The code is on the clipboard."))
