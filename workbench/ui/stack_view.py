"""The view of the cards: a tree whose blocks can be folded."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTreeView

from workbench.core.model import outermost
from workbench.core.walk import Path, Step
from workbench.ui.naming import named
from workbench.ui.offers import add_offers, add_remedies
from workbench.ui.stack import Index, Stack
from workbench.ui.text import tr


class StackView(QTreeView):
    """The cards. Selection, keyboard, drag and drop and screen readers come with the item view;
    the menu of a faulty card begins with the offers to mend it."""

    current_told = Signal(QModelIndex)
    """A layer became the current one by `select`, perhaps the same one as before."""
    fix_chosen = Signal(object, int)
    """The path of a faulty layer, and the number of the offer taken for it."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.stack = stack
        self.setObjectName("stack")
        self.setModel(stack)
        # Qt finds another current row while rows go, and scrolls to it: were a layout still due, it
        # would lay out rows that are half gone, and crash.
        stack.removing.connect(self.executeDelayedItemsLayout)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(18)
        self.setExpandsOnDoubleClick(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setUniformRowHeights(False)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Layers of the network"))
        self.setToolTip(tr("Click a layer to change it, drag it to move it"))

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """A line for each block around a row, so that one sees what belongs together."""
        painter.setPen(QPen(self.palette().mid().color(), 1))
        above, x = index.parent(), rect.right() - self.indentation() // 2
        while above.isValid():
            painter.drawLine(x, rect.top(), x, rect.bottom())
            above, x = above.parent(), x - self.indentation()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Alt with the arrows is an action; the view would take it for a move of the cursor.
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        below = self.viewport().mapToGlobal(self.visualRect(index).center())
        self.show_menu(index, below if by_key else event.globalPos())

    def show_menu(self, index: QModelIndex, at: QPoint) -> None:
        """Show what can be done with a card, at a place of the screen."""
        menu = named(QMenu(self), "stack.menu", tr("What can be done with the layer"))
        menu.setToolTipsVisible(True)
        menu.addActions(self.actions())
        step = self.stack.step(index)
        if step and step.fault:
            path = step.path
            add_offers(menu, self.stack.offers(path), lambda n: self.fix_chosen.emit(path, n))
        if step:
            add_remedies(menu, self.stack.checks, step)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def chosen(self) -> list[Path]:
        """The paths of the selected layers in order, without what lies in selected blocks."""
        return [step.path for step in self.chosen_steps()]

    def chosen_steps(self) -> list[Step]:
        """Their steps."""
        rows = map(self.stack.step, self.selectionModel().selectedRows())
        steps = {step.path: step for step in rows if step}
        return [steps[path] for path in outermost(steps)]

    def chosen_stacks(self) -> list[Path]:
        """The paths of the selected stacks of blocks."""
        nodes = map(self.stack.node, self.selectionModel().selectedRows())
        return [node.stack for node in nodes if node.stack and not node.step]

    def select(self, paths: list[Path]) -> None:
        """Select the layers there and see that the last one is in sight."""
        model = self.selectionModel()
        model.clearSelection()
        flag = QItemSelectionModel.SelectionFlag
        for path in paths:
            model.select(self.stack.index_of(path), flag.Select | flag.Rows)
        if paths:
            last = self.stack.index_of(paths[-1])
            model.setCurrentIndex(last, flag.NoUpdate)
            self.scrollTo(last)
            self.current_told.emit(last)

    def behind(self) -> Path:
        """The place behind the selected layers, or in the selected stack, or at the end."""
        chosen = self.chosen()
        if chosen:
            return (*chosen[-1][:-1], chosen[-1][-1] + 1)
        node = self.stack.node(self.currentIndex())
        is_chosen = self.selectionModel().isSelected(self.currentIndex())
        if is_chosen and node.stack and not node.step:
            return (*node.stack, len(node.children))
        return (len(self.stack.model_spec.layers),)

    def fold(self, index: QModelIndex) -> None:
        """Hide the layers of a block, or show them again."""
        self.setExpanded(index, not self.isExpanded(index))
