"""The Layer panel: what the selected layer does, its form and its formula."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, counted, shape_text
from workbench.core.walk import Path, Step
from workbench.ui.dock import Dock
from workbench.ui.form import SpecForm
from workbench.ui.geometry import geometry
from workbench.ui.geometry_drawing import GeometryDrawing
from workbench.ui.naming import named, styled
from workbench.ui.nodes import told_costs
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.text import capital, sentence, tr

STACKS = ("layers", "shortcut", "branches")  # of blocks: the cards show them


def scrolled(inner: QWidget) -> QScrollArea:
    """A widget that scrolls when its panel is low, and never sideways."""
    area = QScrollArea(widgetResizable=True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the field that has the focus
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    inner.setObjectName(inner.objectName() or "scrolled")
    area.setWidget(inner)
    return area


class LayerPanel(Panel):
    """Shows the layer at one position of the stack, and edits it."""

    def __init__(self, session: Session, dock: Dock, stack: Stack) -> None:
        super().__init__(session, dock)
        self._stack = stack
        self._path: Path | None = None
        self._heading = styled(named(QLabel(), "layer.heading"), "heading")
        self._summary = styled(named(QLabel(wordWrap=True), "layer.summary"), "muted")
        self.form = SpecForm("layer.form")
        self._fault = styled(named(QLabel(wordWrap=True), "layer.fault"), "fault")
        self._formula = styled(named(QLabel(wordWrap=True), "layer.formula"), "formula")
        self._formula.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._costs = styled(named(QLabel(wordWrap=True), "layer.costs"), "muted")
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(9)
        for widget in (self._heading, self._summary, self.form, self._fault, self._formula):
            column.addWidget(widget)
        self._drawing = GeometryDrawing(session.theme)
        column.addWidget(self._drawing)
        column.addWidget(self._costs)
        column.addStretch(1)
        self.rows.addWidget(scrolled(inner))
        self.form.edited.connect(self._edited)
        stack.refreshed.connect(self._refresh)
        session.document.refused.connect(self._refresh)  # what was written into the form is not so
        self._refresh()

    def choose(self, path: Path | None) -> None:
        """Show the layer at `path`; () is the input, None is nothing."""
        self._path = path
        self._refresh()

    def _refresh(self) -> None:
        step = next((step for step in self._stack.steps if step.path == self._path), None)
        if step:
            self._show_step(step)
        elif self._path == ():
            self._show_input()
        else:
            self._show_nothing()

    def _show_step(self, step: Step) -> None:
        layer = step.layer
        self._heading.setText(layer.kind)
        self._summary.setText(tr(layer.summary))
        self.form.show_spec(layer, STACKS)
        self.form.setVisible(True)
        self._fault.setText(capital(sentence(step.fault)) if step.fault else "")
        self._formula.setText(_formula(step))
        self._drawing.show_geometry(geometry(step))
        self._costs.setText("\n".join(told_costs(step, self._stack.costs)))
        is_block = isinstance(layer, BlockSpec)
        self.info.setText(tr("block") if is_block else layer.full_name())

    def _show_input(self) -> None:
        info = self._stack.data_info()
        self._heading.setText(tr("Input"))
        self._summary.setText(
            tr("One sample of {data}: {shape}.", data=info.title, shape=shape_text(info.shape))
        )
        self._clear()

    def _show_nothing(self) -> None:
        self._heading.setText(tr("No layer selected"))
        self._summary.setText(
            tr("Click a card in the network to see and change its arguments, or add a layer.")
        )
        self._clear()

    def _clear(self) -> None:
        self.form.setVisible(False)
        self._drawing.show_geometry(None)
        for label in (self._fault, self._formula, self._costs, self.info):
            label.clear()

    def _edited(self, layer: LayerSpec, field: str) -> None:
        path = self._path
        if not path:
            return
        others = (step.layer.name for step in self._stack.steps if step.path != path)
        if layer.name in others:
            told = tr("Another layer is named {name} already.", name=layer.name)
            self.form.complain(field, told)
            return
        label = tr("Change {field} of {layer}", field=field, layer=layer.name or layer.kind)
        self._stack.swap(path, (layer,), label)


def _formula(step: Step) -> str:
    if step.in_shape is None or step.out_shape is None:
        return ""
    told = f"{shape_text(step.in_shape)}  →  {shape_text(step.out_shape)}"
    formula = step.layer.formula(step.in_shape)
    if step.parameters:
        told += "\n" + counted(step.parameters, tr("parameter"), tr("parameters"))
    return f"{formula}\n{told}" if formula else told
