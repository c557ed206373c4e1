"""The Network panel: the stack of layer cards."""

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView

from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, counted
from workbench.ui.cards import Cards
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.stack import Stack, layers_mime, layers_of
from workbench.ui.text import tr


class StackView(QTreeView):
    """The cards. Selection, keyboard, drag and drop and screen readers come with the item view."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.setObjectName("stack")
        self.setModel(stack)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setAccessibleName(tr("Layers of the network"))
        self.setToolTip(tr("Click a layer to change it, drag it to move it"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Alt with the arrows is an action; the view would take it for a move of the cursor.
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
            return
        super().keyPressEvent(event)


class NetworkPanel(Panel):
    """Shows and edits the network; `layer_chosen` carries the position of the current layer,
    -1 for the input and None for no layer."""

    layer_chosen = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "network", tr("Network"), tr("The layers, first to last"))
        self.stack = Stack(session.document)
        self.view = StackView(self.stack)
        cards = Cards(session.theme, self.view)
        self.view.setItemDelegate(cards)
        self.rows.setContentsMargins(8, 2, 8, 8)
        self.rows.addWidget(self.view)
        cards.fix_chosen.connect(self.fix)
        self.stack.dropped.connect(self.select)
        self.stack.dataChanged.connect(self._recount)
        # rows that come or go above the current one move it without a word of currentChanged
        self.stack.dataChanged.connect(lambda: self._tell(self.view.currentIndex().row()))
        self.view.selectionModel().currentChanged.connect(lambda now, _: self._tell(now.row()))
        session.theme.changed.connect(self.view.viewport().update)
        self._recount()

    def _tell(self, row: int) -> None:
        self.layer_chosen.emit(row - 1 if row >= 0 else None)

    def _recount(self) -> None:
        steps = self.stack.steps
        faults = sum(step.fault is not None for step in steps)
        total = sum(step.parameters for step in steps)
        told = counted(total, tr("parameter"), tr("parameters"))
        if faults:
            told += " · " + counted(faults, tr("problem"), tr("problems"))
        self.info.setText(told)
        self.view.scheduleDelayedItemsLayout()  # a card grows when it tells a fault

    # -- what the actions do

    def chosen(self) -> list[int]:
        """The positions of the selected layers, in order."""
        rows = {index.row() - 1 for index in self.view.selectionModel().selectedRows()}
        return sorted(row for row in rows if row >= 0)

    def select(self, rows: list[int]) -> None:
        """Select the layers at these positions and see that the last one is in sight."""
        model = self.view.selectionModel()
        model.clearSelection()
        flag = QItemSelectionModel.SelectionFlag
        for row in rows:
            model.select(self.stack.index(row + 1), flag.Select | flag.Rows)
        if rows:
            model.setCurrentIndex(self.stack.index(rows[-1] + 1), flag.NoUpdate)
            self.view.scrollTo(self.stack.index(rows[-1] + 1))
            self._tell(rows[-1] + 1)

    def add(self, layers: tuple[LayerSpec, ...]) -> None:
        """Put layers behind the selected ones, or at the end."""
        chosen = self.chosen()
        self.stack.insert(chosen[-1] + 1 if chosen else len(self.stack.steps), layers)

    def remove(self, label: str = "") -> None:
        """Remove the selected layers."""
        chosen = self.chosen()
        if chosen:
            self.stack.remove(chosen, label or tr("Remove layers"))

    def copy(self) -> None:
        """Put the selected layers on the clipboard, as JSON too."""
        layers = [self.stack.steps[row].layer for row in self.chosen()]
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
        layers = tuple(self.stack.steps[row].layer for row in self.chosen())
        if layers:
            self.add(layers)

    def shift(self, by: int) -> None:
        """Move the selected layers one place up (-1) or down (1)."""
        chosen = self.chosen()
        if not chosen:
            return
        before = chosen[0] - 1 if by < 0 else chosen[-1] + 2
        if 0 <= before <= len(self.stack.steps):
            self.stack.move(chosen, before)

    def fix(self, row: int, number: int) -> None:
        """Mend the fault of the layer at `row` by the fix of that number."""
        fault = self.stack.steps[row].fault
        if fault and number < len(fault.fixes):
            fix = fault.fixes[number]
            self.stack.swap(row, fix.layers, tr(fix.label).capitalize())

    def fix_first(self) -> None:
        """Mend the first fault that has a fix."""
        for step in self.stack.steps:
            if step.fault and step.fault.fixes:
                self.fix(step.index, 0)
                return
        self.session.said.emit(tr("The network has no problem that can be fixed."))
