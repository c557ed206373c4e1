"""The Diagram tab: the network laid out by itself."""

from pathlib import Path as FilePath

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.files import write_atomically
from workbench.core.walk import Path
from workbench.ui import dialogs
from workbench.ui.naming import named, sign_button
from workbench.ui.nodes import told, told_costs
from workbench.ui.page import Page
from workbench.ui.pages.diagram_layout import Diagram, Direction, laid_out
from workbench.ui.pages.diagram_paint import Look, paint_diagram
from workbench.ui.pages.diagram_view import NOTCH, DiagramView
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import tr

SHARP = 2  # pixels of a picture for each of the screen
MOST_PIXELS = 60_000_000  # of a picture: 240 MB


class DiagramPage(Page):
    """Blocks are frames with their lanes inside; a click makes a layer the current one."""

    def __init__(self, session: Session, stack: Stack) -> None:
        super().__init__(session, stack, "diagram")
        self.direction: Direction = "down"
        self.folded: set[str] = set()
        self.view = DiagramView()
        self.rows.addWidget(self._made_bar())
        self.rows.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.view.picked.connect(self.picked)
        self.view.folded.connect(self.fold)

    def _made_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 4)
        row.setSpacing(4)
        for sign, name, title, run in (
            ("−", "smaller", tr("Smaller"), self.smaller),
            ("+", "larger", tr("Larger"), self.larger),
            ("⤢", "fit", tr("See all of it"), self.fit),
            ("⇄", "turn", tr("Draw it to the right, or down"), self.turn),
        ):
            button = named(sign_button(sign), f"diagram.{name}", title)
            button.clicked.connect(run)
            row.addWidget(button)
        row.addStretch(1)
        for text, name, title, act in (
            (tr("Copy"), "copy", tr("Copy the diagram as a picture"), self.copy),
            (tr("Save…"), "save", tr("Save the diagram as SVG or PNG"), self.save),
        ):
            taking = named(QPushButton(text), f"diagram.{name}", title)
            taking.clicked.connect(act)
            row.addWidget(taking)
        return bar

    def choose(self, path: Path | None) -> None:
        """Mark the layer at `path` at once, since the next key goes on from there."""
        self.current = path
        self.view.mark(self._shown(path))

    def draw(self) -> None:
        stack = self.stack
        tips = {
            step.path: "\n".join([told(step), *told_costs(step, stack.costs)])
            for step in stack.steps
        }
        self.view.show_diagram(self._laid_out(), self._look(self.current), tips)

    def _laid_out(self) -> Diagram:
        shape = self.stack.data_info().shape
        return laid_out(self.stack.steps, shape, self.direction, frozenset(self.folded))

    def _look(self, current: Path | None) -> Look:
        steps = {step.path: step for step in self.stack.steps}
        title = self.stack.data_info().title
        return Look(self.session.theme, steps, title, self.font(), self._shown(current))

    def _shown(self, path: Path | None) -> Path | None:
        """The layer at a path, or the folded block that hides it."""
        for step in self.stack.steps:
            inside = path and path[: len(step.path)] == step.path
            if inside and step.layer.name in self.folded:
                return step.path
        return path

    def larger(self) -> None:
        """Zoom in."""
        self.view.zoom(NOTCH)

    def smaller(self) -> None:
        """Zoom out."""
        self.view.zoom(1 / NOTCH)

    def fit(self) -> None:
        """Zoom so that all is in sight."""
        self.view.fit(whole=True)

    def turn(self) -> None:
        """Let the flow run to the right instead of down, or down again."""
        self.direction = "right" if self.direction == "down" else "down"
        self.view.is_fitted = True
        self.changed()

    def fold(self, path: Path) -> None:
        """Draw the block at a path as one layer, or with what it holds again."""
        layer = self.stack.model_spec.at(path) if path else None
        if isinstance(layer, BlockSpec):
            self.folded ^= {layer.name}
            self.changed()

    def fold_current(self) -> None:
        """Fold or unfold the current layer, if it is a block."""
        if self.current:
            self.fold(self.current)

    # -- taking it along

    def _paint(self, painter: QPainter, diagram: Diagram) -> None:
        whole = QRectF(0, 0, diagram.width, diagram.height)
        painter.fillRect(whole, QColor(self.session.theme.colors.window))
        paint_diagram(painter, diagram, self._look(None), whole)
        painter.end()

    def image(self) -> QImage:
        """The whole diagram as a picture, as sharp as its size allows."""
        diagram = self._laid_out()
        sharp = min(SHARP, (MOST_PIXELS / (diagram.width * diagram.height)) ** 0.5)
        size = QSize(round(diagram.width * sharp), round(diagram.height * sharp))
        image = QImage(size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.scale(sharp, sharp)
        self._paint(painter, diagram)
        return image

    def _png(self) -> bytes:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.image().save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def _svg(self) -> bytes:
        from PySide6.QtSvg import QSvgGenerator  # a library more, which a start does not need

        diagram, buffer = self._laid_out(), QBuffer()
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(QSize(round(diagram.width), round(diagram.height)))
        generator.setViewBox(QRectF(0, 0, diagram.width, diagram.height))
        generator.setTitle(self.session.document.title)
        self._paint(QPainter(generator), diagram)
        return bytes(buffer.data().data())

    def copy(self) -> None:
        """Put the diagram on the clipboard as a picture."""
        QGuiApplication.clipboard().setImage(self.image())
        self.session.said.emit(tr("The diagram is on the clipboard, as a picture."))

    def save(self) -> None:
        """Ask for a file and save the diagram to it."""
        suggested = f"{self.session.document.title}.svg"
        kinds = "SVG (*.svg);;PNG (*.png)"
        title = tr("Save diagram")
        dialogs.ask_new_file(
            self.window(), "dialog.save_diagram", title, kinds, suggested, self._write
        )

    def _write(self, path: FilePath) -> None:
        try:
            write_atomically(path, self._png() if path.suffix.lower() == ".png" else self._svg())
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        self.session.said.emit(tr("Saved {path}.", path=path))
