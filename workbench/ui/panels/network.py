"""The Network panel: the cards of the layers, and other views of them in tabs."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from workbench.core.block import BlockSpec
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, counted
from workbench.core.model import outermost
from workbench.core.walk import Path, Step
from workbench.ui.cards import Cards
from workbench.ui.clips import layers_mime, layers_of
from workbench.ui.dock import Dock
from workbench.ui.naming import named
from workbench.ui.pages import PAGES, make_page
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.stack import Stack
from workbench.ui.stack_view import StackView
from workbench.ui.text import tr


class NetworkPanel(Panel):
    """Shows and edits the network; `layer_chosen` carries the path of the current layer, () for
    the input and None for no layer."""

    layer_chosen = Signal(object)

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.stack = Stack(session.document)
        self.view = StackView(self.stack)
        cards = Cards(session.theme, self.view)
        self.view.setItemDelegate(cards)
        self.rows.setContentsMargins(8, 2, 8, 8)
        self.rows.addWidget(self._made_tabs())
        cards.fix_chosen.connect(self.fix)
        cards.folded.connect(self.fold)
        self.stack.dropped.connect(self.select)
        self.stack.dataChanged.connect(self._recount)
        # rows that come or go above the current one move it without a word of currentChanged
        self.stack.dataChanged.connect(lambda: self._tell(self.view.currentIndex()))
        self.view.selectionModel().currentChanged.connect(lambda now, _: self._tell(now))
        session.theme.changed.connect(self.view.viewport().update)
        self.stack.rowsInserted.connect(lambda parent, first, last: self.view.expand(parent))
        self.view.expandAll()
        self._recount()

    def _made_tabs(self) -> QTabWidget:
        self.tabs = named(
            QTabWidget(documentMode=True),
            "network.tabs",
            tr("Views of the network"),
            tr("The layers as cards, as a diagram, as code and as a table"),
        )
        self.tabs.addTab(self.view, tr("Layers"))
        self._holders: dict[QWidget, str] = {}
        for name, title in zip(PAGES, (tr("Diagram"), tr("Code"), tr("Summary")), strict=True):
            holder = QWidget()
            QVBoxLayout(holder).setContentsMargins(0, 0, 0, 0)
            self._holders[holder] = name
            self.tabs.addTab(holder, title)
        self.tabs.currentChanged.connect(self._fill_tab)
        return self.tabs

    def _fill_tab(self) -> None:
        """Make the page in view when it is first looked at: a start needs none of them."""
        holder = self.tabs.currentWidget()
        name = self._holders.pop(holder, "")
        if not name:
            return
        page = make_page(name, self.session, self.stack)
        page.choose(self._path_of(self.view.currentIndex()))
        page.picked.connect(lambda path: self.select([path]))
        self.layer_chosen.connect(page.choose)
        layout = holder.layout()
        assert layout
        layout.addWidget(page)

    def show_tab(self, name: str) -> None:
        """Bring a page, or the cards by the name `layers`, to the front."""
        self.dock.show()
        self.tabs.setCurrentIndex(("layers", *PAGES).index(name))
        (self.view if name == "layers" else self.tabs.currentWidget()).setFocus()

    def _path_of(self, index: QModelIndex) -> Path | None:
        step = self.stack.step(index)
        is_input = index.isValid() and not index.parent().isValid() and step is None
        return step.path if step else () if is_input else None

    def _tell(self, index: QModelIndex) -> None:
        self.layer_chosen.emit(self._path_of(index))

    def _recount(self) -> None:
        steps = self.stack.steps
        faults = sum(step.fault is not None for step in steps)
        total = sum(step.parameters for step in steps if not step.depth)
        told = counted(total, tr("parameter"), tr("parameters"))
        if faults:
            told += " · " + counted(faults, tr("problem"), tr("problems"))
        self.info.setText(told)
        self.view.scheduleDelayedItemsLayout()  # a card grows when it tells a fault

    # -- what the actions do

    def chosen(self) -> list[Path]:
        """The paths of the selected layers in order, without what lies in selected blocks."""
        return [step.path for step in self._steps()]

    def _steps(self) -> list[Step]:
        rows = map(self.stack.step, self.view.selectionModel().selectedRows())
        steps = {step.path: step for step in rows if step}
        return [steps[path] for path in outermost(steps)]

    def select(self, paths: list[Path]) -> None:
        """Select the layers there and see that the last one is in sight."""
        model = self.view.selectionModel()
        model.clearSelection()
        flag = QItemSelectionModel.SelectionFlag
        for path in paths:
            model.select(self.stack.index_of(path), flag.Select | flag.Rows)
        if paths:
            last = self.stack.index_of(paths[-1])
            model.setCurrentIndex(last, flag.NoUpdate)
            self.view.scrollTo(last)
            self._tell(last)

    def _behind(self) -> Path:
        """The place behind the selected layers, or in the selected stack, or at the end."""
        chosen = self.chosen()
        if chosen:
            return (*chosen[-1][:-1], chosen[-1][-1] + 1)
        node = self.stack.node(self.view.currentIndex())
        is_chosen = self.view.selectionModel().isSelected(self.view.currentIndex())
        if is_chosen and node.stack and not node.step:
            return (*node.stack, len(node.children))
        return (len(self.stack.model_spec.layers),)

    def add(self, layers: tuple[LayerSpec, ...]) -> None:
        """Put layers behind the selected ones, or at the end."""
        self.stack.insert(self._behind(), layers)

    def remove(self, label: str = "") -> None:
        """Remove the selected layers."""
        chosen = self.chosen()
        if chosen:
            self.stack.remove(chosen, label or tr("Remove layers"))

    def _layers(self) -> tuple[LayerSpec, ...]:
        return tuple(step.layer for step in self._steps())

    def copy(self) -> None:
        """Put the selected layers on the clipboard, as JSON too."""
        layers = self._layers()
        if layers:
            QGuiApplication.clipboard().setMimeData(layers_mime(layers))

    def cut(self) -> None:
        """Copy the selected layers, then remove them."""
        self.copy()
        self.remove(tr("Cut layers"))

    def paste(self) -> None:
        """Put the layers on the clipboard behind the selected ones."""
        try:
            layers, _ = layers_of(QGuiApplication.clipboard().mimeData())
        except UserError as error:
            self.session.failed.emit(error, False)
            return
        if layers:
            self.add(layers)

    def duplicate(self) -> None:
        """Put a copy of the selected layers behind them."""
        layers = self._layers()
        if layers:
            self.add(layers)

    def shift(self, by: int) -> None:
        """Move the selected layers one place up (-1) or down (1) in their stack."""
        chosen = self.chosen()
        if not chosen:
            return
        stack, places = chosen[0][:-1], [path[-1] for path in chosen]
        if any(path[:-1] != stack for path in chosen):
            self.session.said.emit(tr("Select layers of one stack to move them together."))
            return
        before = places[0] - 1 if by < 0 else places[-1] + 2
        size = sum(path[:-1] == stack for path, _ in self.stack.model_spec.nested())
        if 0 <= before <= size:
            self.stack.move(chosen, (*stack, before))

    def wrap(self, kind: type[BlockSpec]) -> None:
        """Put the selected neighbours into a new block of this kind."""
        chosen = self.chosen()
        stack = chosen[0][:-1] if chosen else ()
        places = [path[-1] for path in chosen]
        if any(p[:-1] != stack for p in chosen) or places != list(range(places[0], places[-1] + 1)):
            self.session.said.emit(tr("Select layers that follow one another to wrap them."))
            return
        model = self.stack.model_spec.wrapped(chosen, kind())
        name = model.at(chosen[0]).name
        self.stack.edit(tr("Wrap in {block}", block=kind.__name__), model, [name])

    def wrapped(self) -> bool:
        """Whether a block is selected, alone."""
        layers = self._layers()
        return len(layers) == 1 and isinstance(layers[0], BlockSpec)

    def unwrap(self) -> None:
        """Put the layers of the selected block in its place."""
        (path,) = self.chosen()
        names = [layer.name for layer in self._inner(path)]
        model = self.stack.model_spec.unwrapped(path)
        self.stack.edit(tr("Unwrap"), model, names)

    def _inner(self, path: Path) -> list[LayerSpec]:
        block = self.stack.model_spec.at(path)
        assert isinstance(block, BlockSpec)
        return [layer for stack in block.stacks for layer in stack]

    def fold(self, index: QModelIndex) -> None:
        """Hide the layers of a block, or show them again."""
        self.view.setExpanded(index, not self.view.isExpanded(index))

    def fix(self, path: Path, number: int) -> None:
        """Mend the fault of the layer there by the fix of that number."""
        fault = next((step.fault for step in self.stack.steps if step.path == path), None)
        if fault and number < len(fault.fixes):
            fix = fault.fixes[number]
            self.stack.swap(path, fix.layers, tr(fix.label).capitalize())

    def fix_first(self) -> None:
        """Mend the first fault that has a fix."""
        for step in self.stack.steps:
            if step.fault and step.fault.fixes:
                self.fix(step.path, 0)
                return
        self.session.said.emit(tr("The network has no problem that can be fixed."))
