"""The network as an item model: the input, the layers, and below blocks what they hold."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from workbench.core.costs import costs_of
from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, shape_text
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.repair import Offer
from workbench.core.walk import Path, Step
from workbench.ui.checks import Checks, finding_told
from workbench.ui.clips import MIME, layers_mime, layers_of
from workbench.ui.document import Document
from workbench.ui.nodes import Node, told, told_costs, tree_of
from workbench.ui.offers import fix_label, offer_text
from workbench.ui.text import tr

STEP = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class Stack(QAbstractItemModel):
    """The layers of the open project with their shapes, for the view of cards."""

    dropped = Signal(list)
    """Paths of layers that an edit put in place, to be selected."""
    refreshed = Signal()
    """All rows are those of the present project; once after an edit, however many have changed."""

    removing = Signal()
    """Rows are about to go, and nothing of it has begun yet."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.steps: list[Step] = []
        self._offers: dict[Path, list[Offer]] = {}
        self.checks = Checks(document, self)
        self._root = Node("", stack=())
        self._nodes: dict[int, Node] = {}
        self.refresh(document.project)
        document.changed.connect(self.refresh)

    # -- the tree

    def refresh(self, project: Project) -> None:
        """Take over a project; rows that stay are changed, not rebuilt, so selection stays."""
        self.steps = project.walk()
        self.costs = costs_of(project, self.steps)
        self._offers.clear()
        self.checks.look_at(self.steps)
        self._merge(self._root, tree_of(self.steps))
        self.refreshed.emit()

    def _merge(self, old: Node, new: Node) -> None:
        """Bring the rows below `old` to those below `new`."""
        before, after = old.children, new.children
        most = min(len(before), len(after))
        head = next((i for i in range(most) if before[i].title != after[i].title), most)
        rest = range(most - head)
        tail = next((i for i in rest if before[-1 - i].title != after[-1 - i].title), most - head)
        if len(before) != len(after):
            self._take(old, head, len(before) - tail)
            self._put(old, head, after[head : len(after) - tail])
        for mine, theirs in zip(old.children, after, strict=True):
            looks_new = mine.looks_unlike(theirs)
            self._merge(mine, theirs)
            mine.title, mine.step, mine.stack = theirs.title, theirs.step, theirs.stack
            if looks_new:  # the view measures and paints these rows only
                self.dataChanged.emit(self._of(mine), self._of(mine))

    def _take(self, parent: Node, first: int, end: int) -> None:
        if first == end:
            return
        self.removing.emit()
        self.beginRemoveRows(self._of(parent), first, end - 1)
        gone = parent.children[first:end]
        del parent.children[first:end]
        self._renumber(parent)
        self.endRemoveRows()
        self._forget(gone)

    def _forget(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self._nodes.pop(node.number, None)
            self._forget(node.children)

    def _put(self, parent: Node, first: int, nodes: list[Node]) -> None:
        if not nodes:
            return
        self.beginInsertRows(self._of(parent), first, first + len(nodes) - 1)
        parent.children[first:first] = nodes
        self._renumber(parent)
        self.endInsertRows()

    @staticmethod
    def _renumber(parent: Node) -> None:
        for row, child in enumerate(parent.children):
            child.row, child.parent = row, parent

    def _of(self, node: Node) -> QModelIndex:
        if node is self._root:
            return QModelIndex()
        self._nodes[node.number] = node
        return self.createIndex(node.row, 0, node.number)

    def node(self, index: Index) -> Node:
        """The row at an index; the root for none."""
        return self._nodes[index.internalId()] if index.isValid() else self._root

    def index(self, row: int, column: int = 0, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        children = self.node(parent).children
        return self._of(children[row]) if 0 <= row < len(children) and not column else QModelIndex()

    def parent(self, index: Index | None = None) -> Any:
        if index is None:  # QObject's own, which has the same name
            return QObject.parent(self)
        above = self.node(index).parent if index.isValid() else None
        return self._of(above) if above else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.node(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    # -- what a row tells

    def step(self, index: Index) -> Step | None:
        """The step of a row; None for the input and for a stack of a block."""
        return self.node(index).step

    def index_of(self, path: Path) -> QModelIndex:
        """The row of the layer at a path; () is the input."""
        if not path:
            return self.index(0)
        node = self._root
        for place in range(0, len(path), 2):
            if place and node.stack is None:
                node = node.children[path[place - 1]]
            node = node.children[path[place] + (1 if node is self._root else 0)]
        return self._of(node)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self.node(index)
        step = node.step
        if role == STEP:
            return step
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{step.layer.kind} {step.layer.name}" if step else node.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            if not step:
                return node.title if node.stack else self._input_text()
            words = [told(step), *map(finding_told, self.checks.at(step))]
            is_tip = role == Qt.ItemDataRole.ToolTipRole
            return "\n".join([*words, *(told_costs(step, self.costs) if is_tip else ())])
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and step and step.fault:
            return "; ".join(map(offer_text, self.offers(step.path)))
        return None

    def offers(self, path: Path) -> list[Offer]:
        """Ways to mend the fault of the layer at a path, tried when they are first asked for.

        None for a layer without a fault: while rows go, the view asks for those that stand there
        no longer.
        """
        from workbench.catalog.repairs import offers  # with layers that a start does not need

        if path not in self._offers:
            step = next((step for step in self.steps if step.path == path and step.fault), None)
            found = offers(self._document.project, self.steps, step) if step else []
            self._offers[path] = found
        return self._offers[path]

    def data_info(self) -> DatasetInfo:
        """What the input card tells of."""
        return self._document.project.data.info()

    def _input_text(self) -> str:
        info = self.data_info()
        return tr("Input, {data}, {shape}", data=info.title, shape=shape_text(info.shape))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        node = self.node(index)
        if node.stack is not None or node.children:
            flags |= Qt.ItemFlag.ItemIsDropEnabled
        if node.step:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags | Qt.ItemFlag.ItemIsSelectable

    # -- drag and drop

    def mimeTypes(self) -> list[str]:
        return [MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        paths = sorted({step.path for index in indexes if (step := self.step(index))})
        return layers_mime([self.model_spec.at(path) for path in paths], paths)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def dropMimeData(
        self, mime: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        try:
            layers, paths = layers_of(mime)
        except UserError:
            return False
        before = self._place(self.node(parent), row)
        if action == Qt.DropAction.MoveAction and self._are(paths, layers):
            self.move(paths, before)
        else:
            self.insert(before, layers)
        return False  # True would have the view remove the dragged rows a second time

    def _place(self, parent: Node, row: int) -> Path:
        """The path in front of which a drop above `row` of a parent puts layers."""
        if parent.stack is None:  # on the card of a block with several stacks: into the first
            parent = parent.children[0] if parent.children else self._root
            row = -1
        first = 1 if parent is self._root else 0
        at = len(parent.children) if row < 0 else max(row, first)
        assert parent.stack is not None
        return (*parent.stack, at - first)

    def _are(self, paths: Sequence[Path], layers: Sequence[LayerSpec]) -> bool:
        """Whether a drag came from here, and not from another window."""
        mine = {step.path: step.layer for step in self.steps}
        return bool(paths) and [mine.get(path) for path in paths] == list(layers)

    # -- edits

    @property
    def model_spec(self) -> ModelSpec:
        """The open project's network."""
        return self._document.project.model

    def move(self, paths: Sequence[Path], before: Path) -> None:
        """Move layers in front of what stands at `before`."""
        names = [self.model_spec.at(path).name for path in paths]
        with self._document.bounded():
            self.edit(tr("Move"), self.model_spec.moved(paths, before), names)

    def insert(self, before: Path, layers: Sequence[LayerSpec]) -> None:
        """Put layers in front of what stands at `before`."""
        label = tr("Add {layer}", layer=layers[0].kind if len(layers) == 1 else len(layers))
        with self._document.bounded():
            self.edit(label, self.model_spec.inserted(before, layers))
            at = before[-1]
            self.dropped.emit([(*before[:-1], at + number) for number in range(len(layers))])

    def remove(self, paths: Sequence[Path], label: str) -> None:
        """Remove layers."""
        self.edit(label, self.model_spec.removed(paths))
        first = min(paths)
        left = [step.path for step in self.steps if step.path[:-1] == first[:-1]]
        above = [step.path for step in self.steps if step.path == first[:-2]]
        self.dropped.emit([min(first, left[-1])] if left else above)

    def mend(self, path: Path, number: int) -> None:
        """Take the offer of that number for the fault of the layer at a path."""
        offer = self.offers(path)[number]
        with self._document.bounded():
            self._document.edit(fix_label(offer.fix), offer.project)

    def swap(self, path: Path, layers: Sequence[LayerSpec], label: str) -> None:
        """Put layers in place of the one at a path."""
        with self._document.bounded():
            self.edit(label, self.model_spec.swapped(path, layers))

    def edit(self, label: str, model: ModelSpec, names: Sequence[str] = ()) -> None:
        """Put another network into the project; the layers of these names get selected."""
        project = self._document.project
        self._document.edit(label, project.replace(model=model))
        paths = [model.path_of(name) for name in names]
        if paths:
            self.dropped.emit([path for path in paths if path is not None])
