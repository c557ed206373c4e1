"""The Layers panel: what can be put into the network."""

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeWidget, QTreeWidgetItem

from workbench.core.block import BlockSpec
from workbench.core.blocks_store import OwnBlock
from workbench.core.layer import LayerSpec
from workbench.core.model import nested
from workbench.ui.clips import layers_mime
from workbench.ui.dock import Dock
from workbench.ui.naming import named
from workbench.ui.own_blocks import OwnBlocks
from workbench.ui.panel import Panel
from workbench.ui.session import Session
from workbench.ui.text import tr
from workbench.ui.theme import CATEGORIES

KIND = Qt.ItemDataRole.UserRole
TITLE = Qt.ItemDataRole.UserRole + 1
"""Of one of the user's own blocks."""
OWN = "My blocks"


class _Tree(QTreeWidget):
    """The list, from which layers can be dragged."""

    own: OwnBlocks

    def mimeData(self, items: "list[QTreeWidgetItem]") -> QMimeData:  # type: ignore[override]
        return layers_mime([layer for layer in map(self.layer, items) if layer])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            for action in self.actions():  # no shortcut of theirs: in the network, Del is taken
                action.trigger()
        else:
            super().keyPressEvent(event)

    def layer(self, item: QTreeWidgetItem) -> LayerSpec | None:
        """The layer that an item stands for; a category for none."""
        block = self.own.titled(item.data(0, TITLE)) if item.data(0, TITLE) else None
        if block:
            return block.block
        kind = item.data(0, KIND)
        return LayerSpec.named(kind)() if kind else None


class PalettePanel(Panel):
    """Every layer by category; `wanted` carries a layer to be added."""

    wanted = Signal(object)

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self.search = named(
            QLineEdit(placeholderText=tr("Find a layer"), clearButtonEnabled=True),
            "palette.search",
            tr("Find a layer"),
            tr("Type a part of a layer's name; Enter adds the first one found"),
        )
        self.own = OwnBlocks(session, self)
        self.tree = self._made_tree()
        self.rows.addWidget(self.search)
        self.rows.addWidget(self.tree)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._add_first)
        self.tree.itemActivated.connect(lambda item: self._add(item))
        self._fill()
        self._own_group = self._group(OWN)
        self._fill_own()
        self.own.changed.connect(self._fill_own)

    def _made_tree(self) -> _Tree:
        tree = named(_Tree(), "palette.tree", tr("Layers to add"))
        tree.own = self.own
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setIndentation(8)
        tree.setDragEnabled(True)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return tree

    def _fill(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        order = list(CATEGORIES)
        offered = (kind for kind in LayerSpec.choices().values() if kind.in_palette)
        kinds = sorted(offered, key=lambda kind: order.index(kind.category))
        for kind in kinds:
            group = groups.get(kind.category) or self._group(kind.category)
            groups[kind.category] = group
            item = QTreeWidgetItem(group, [kind.__name__])
            item.setIcon(0, _dot(self.session.theme.category(kind.category)))
            item.setData(0, KIND, kind.__name__)
            item.setToolTip(0, _tip(kind))
        self.tree.expandAll()

    def _fill_own(self) -> None:
        self._own_group.takeChildren()
        for block in self.own.blocks:
            item = QTreeWidgetItem(self._own_group, [block.title])
            item.setIcon(0, _dot(self.session.theme.category(block.block.category)))
            item.setData(0, TITLE, block.title)
            item.setToolTip(0, tr("{words}; Del removes it", words=_held(block.block)))
        self._own_group.setExpanded(True)
        self._filter(self.search.text())

    def chosen_block(self) -> OwnBlock | None:
        """The own block that is selected."""
        titles = [item.data(0, TITLE) for item in self.tree.selectedItems()]
        return self.own.titled(titles[0]) if titles and titles[0] else None

    def _group(self, category: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [tr(category)])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        return group

    def _filter(self, text: str) -> None:
        wanted = text.strip().casefold()
        for group in self._groups():
            children = _children(group)
            for child in children:
                child.setHidden(wanted not in child.text(0).casefold())
            group.setHidden(all(child.isHidden() for child in children))

    def _groups(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount()))
        return [group for group in found if group]

    def _add_first(self) -> None:
        for group in self._groups():
            for child in _children(group):
                if not child.isHidden():
                    self._add(child)
                    return

    def _add(self, item: QTreeWidgetItem) -> None:
        layer = self.tree.layer(item)
        if layer:
            self.wanted.emit(layer)


def _held(block: LayerSpec) -> str:
    """What a block holds, in a line."""
    layers = [layer.kind for _, layer in nested([block])][1:]
    return " → ".join(layers[:6]) + (" …" if len(layers) > 6 else "")


def _tip(kind: type[LayerSpec]) -> str:
    is_block = issubclass(kind, BlockSpec)
    return tr(kind.summary) if is_block else f"{kind.full_name()}\n{tr(kind.summary)}"


def _children(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (group.child(i) for i in range(group.childCount()))
    return [child for child in found if child]


def _dot(color: QColor) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(6, 6, 12, 12)
    painter.end()
    return QIcon(pixmap)
