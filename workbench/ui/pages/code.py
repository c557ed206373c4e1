"""The Code tab: the network as PyTorch code, the whole training program, and code back in."""

from html import escape
from pathlib import Path as FilePath

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QTabBar, QToolButton, QWidget

from workbench.core.codegen import Code, generate
from workbench.core.codegen_train import files_beside, generate_program
from workbench.core.errors import UserError
from workbench.core.events import CodeRead, Event
from workbench.core.files import would_lose, write_atomically
from workbench.core.layer import counted
from workbench.core.project import Project
from workbench.ui import dialogs
from workbench.ui.code_view import CodeView
from workbench.ui.naming import named, sign_button
from workbench.ui.page import Page
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import sentence, tr

PYTHON = "Python (*.py);;All files (*)"


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
        self.setFocusProxy(self.view)
        self.view.line_clicked.connect(self._pick)
        session.document.changed.connect(self.changed)  # the recipe is in train.py too

    def _made_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 4)
        row.setSpacing(4)
        self.kinds = named(
            QTabBar(drawBase=False, expanding=False, usesScrollButtons=False),
            "code.kinds",
            tr("What is shown"),
            tr("The network alone, or the whole program that trains it"),
        )
        self.kinds.setElideMode(Qt.TextElideMode.ElideRight)  # rather than a panel that is wider
        self.kinds.addTab(tr("Network"))
        self.kinds.addTab("train.py")
        self.kinds.currentChanged.connect(self.changed)
        row.addWidget(self.kinds)
        row.addStretch(1)
        for text, name, title, act in (
            (tr("Copy"), "copy", tr("Copy the code to the clipboard"), self.copy),
            (tr("Save…"), "save", tr("Save the code as a Python file"), self.save),
        ):
            button = named(QPushButton(text), f"code.{name}", title)
            button.clicked.connect(act)
            row.addWidget(button)
        row.addWidget(self._made_menu())
        return bar

    def _made_menu(self) -> QToolButton:
        """The way back, behind one small button: a panel is narrow."""
        more = named(
            sign_button("⋯"),
            "code.more",
            tr("Code back in"),
            tr("Make layers of code from a file or from the clipboard"),
        )
        menu = QMenu(more)
        menu.addAction(tr("Open Code…")).triggered.connect(self.open)
        menu.addAction(tr("Paste Code")).triggered.connect(self.paste)
        more.setMenu(menu)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return more

    @property
    def is_program(self) -> bool:
        """Whether the whole program is shown, and not the network alone."""
        return self.kinds.currentIndex() == 1

    def turn(self) -> None:
        """Show the network instead of the program, or the program again."""
        self.kinds.setCurrentIndex(1 - self.kinds.currentIndex())

    def draw(self) -> None:
        self._code = self._generated(self.session.document.project)
        self.view.show_code(self._code.text)
        self.view.mark(self._code.lines_of(self.current) if self.current else [])

    def _generated(self, project: Project) -> Code:
        if not self.is_program:
            return generate(project.model, project.data.info().shape)
        try:
            return generate_program(project)
        except UserError as error:  # what no program tells yet is told in its place
            return Code(f"# {sentence(error)}\n", ((),))

    def _pick(self, line: int) -> None:
        path = self._code.layer_at(line)
        if path is not None:
            self.picked.emit(path)

    # -- taking it along

    def copy(self) -> None:
        """Put the code on the clipboard."""
        self.draw()
        QGuiApplication.clipboard().setText(self._code.text)
        self.session.said.emit(tr("The code is on the clipboard."))

    def save(self) -> None:
        """Ask for a file and save the code to it."""
        self.draw()
        name = "train.py" if self.is_program else "network.py"
        title = tr("Save code")
        dialogs.ask_new_file(self.window(), "dialog.save_code", title, PYTHON, name, self._write)

    def _write(self, path: FilePath) -> None:
        try:
            beside = files_beside(self.session.document.project) if self.is_program else ()
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        files = {path.with_name(name): content for name, content in beside}
        lost = [file for file, content in files.items() if would_lose(file, content)]
        files[path] = self._code.text.encode()  # the file dialog has asked for this one
        if not lost:
            self._write_all(path, files)
            return
        question = tr("Replace {path}?", path=lost[0])
        told = tr("The program reads its data from a file of this name, and another one is there.")
        dialogs.ask_to_replace(
            self.window(),
            "dialog.code_replace",
            question,
            told,
            lambda: self._write_all(path, files),
        )

    def _write_all(self, path: FilePath, files: dict[FilePath, bytes]) -> None:
        try:
            for file, content in files.items():
                write_atomically(file, content)
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        self.session.said.emit(tr("Saved {path}.", path=path))

    # -- the way back

    def open(self) -> None:
        """Ask for a Python file and make layers of its network."""
        title = tr("Open code")
        dialogs.ask_file(self.window(), "dialog.open_code", title, PYTHON, self._read)

    def paste(self) -> None:
        """Make layers of the code on the clipboard."""
        text = QGuiApplication.clipboard().text()
        if text.strip():
            self._read(text)
        else:
            self.session.said.emit(tr("The clipboard holds no code."))

    def _read(self, source: FilePath | str) -> None:
        asked = self.session.document.project
        shape = asked.data.info().shape
        stream = self.session.engines.remote("read_code.read", source, shape, disposable=True)
        self.session.said.emit(tr("Reading the code…"))
        self.session.start(stream, lambda events: self._take(asked, events))

    def _take(self, asked: Project, events: list[Event]) -> None:
        for event in events:
            if not isinstance(event, CodeRead):
                continue
            if self.session.document.project != asked:
                self.session.said.emit(tr("The project has changed meanwhile: read it again."))
                return
            self.session.document.edit(tr("Read code"), asked.replace(model=event.model))
            layers = counted(len(event.model.layers), tr("layer"), tr("layers"))
            self.session.said.emit(tr("The code became {layers}.", layers=layers))
            if event.remarks:
                lines = "<br>".join(map(escape, event.remarks[:20]))
                dialogs.tell(self.window(), "dialog.code_remarks", tr("Code"), f"<p>{lines}</p>")
