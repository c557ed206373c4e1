"""The view of the cards: a tree whose blocks can be folded."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView

from workbench.ui.stack import Stack
from workbench.ui.text import tr


class StackView(QTreeView):
    """The cards. Selection, keyboard, drag and drop and screen readers come with the item view."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.setObjectName("stack")
        self.setModel(stack)
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
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setAccessibleName(tr("Layers of the network"))
        self.setToolTip(tr("Click a layer to change it, drag it to move it"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Alt with the arrows is an action; the view would take it for a move of the cursor.
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
            return
        super().keyPressEvent(event)
