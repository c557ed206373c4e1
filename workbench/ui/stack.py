"""The network as an item model: row 0 is the input, the others are the layers."""

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.files import parse_json
from workbench.core.layer import LayerSpec, counted, shape_text
from workbench.core.model import ModelSpec, Step
from workbench.core.project import Project
from workbench.core.spec import validated
from workbench.ui.document import Document
from workbench.ui.text import sentence, tr

MIME = "application/x-torch-workbench-layers"
STEP = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


def layers_mime(layers: Sequence[LayerSpec], rows: Sequence[int] = ()) -> QMimeData:
    """Layers for the clipboard or a drag, also as JSON text; `rows` is where they come from."""
    text = json.dumps(ModelSpec(layers=tuple(layers)).model_dump(mode="json"), indent=2)
    mime = QMimeData()
    mime.setText(text)
    mime.setData(MIME, json.dumps({"model": json.loads(text), "rows": list(rows)}).encode())
    return mime


def layers_of(mime: QMimeData | None) -> tuple[tuple[LayerSpec, ...], list[int]]:
    """The layers of a drag or the clipboard, and the rows that they come from.

    Raises:
        UserError: there are no layers in it.
    """
    where = tr("The clipboard")
    if mime is None or not (mime.hasFormat(MIME) or mime.text()):  # an empty one may be None
        raise UserError("{where} holds no layers.", where=where)
    if mime.hasFormat(MIME):
        content = parse_json(bytes(mime.data(MIME).data()).decode(errors="replace"), where)
        if not isinstance(content, dict) or not {"model", "rows"} <= set(content):
            raise UserError("{where} holds no layers.", where=where)
        rows = [row for row in content["rows"] if isinstance(row, int)]
        return validated(ModelSpec, content["model"], where).layers, rows
    content = parse_json(mime.text(), where)
    if not isinstance(content, dict) or "layers" not in content:
        raise UserError("{where} holds no layers.", where=where)
    return validated(ModelSpec, content, where).layers, []


class Stack(QAbstractListModel):
    """The layers of the open project with their shapes, for the view of cards."""

    dropped = Signal(list)
    """Rows that a drop put in place, to be selected."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.steps: list[Step] = []
        self.refresh(document.project)
        document.changed.connect(self.refresh)

    def refresh(self, project: Project) -> None:
        """Take over a project; rows that stay are changed, not rebuilt, so selection stays."""
        steps = list(project.walk())
        grown = len(steps) - len(self.steps)
        at = 1 + next(
            (
                i
                for i, (a, b) in enumerate(zip(self.steps, steps, strict=False))
                if a.layer != b.layer
            ),
            min(len(self.steps), len(steps)),
        )
        if grown > 0:
            self.beginInsertRows(QModelIndex(), at, at + grown - 1)
            self.steps = steps
            self.endInsertRows()
        elif grown < 0:
            self.beginRemoveRows(QModelIndex(), at, at - grown - 1)
            self.steps = steps
            self.endRemoveRows()
        self.steps = steps
        self.dataChanged.emit(self.index(0), self.index(len(steps)))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.steps) + 1

    def step(self, index: Index) -> Step | None:
        """The step of a row; None for the input."""
        return self.steps[index.row() - 1] if index.row() > 0 else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        step = self.step(index)
        if role == STEP:
            return step
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{step.layer.kind} {step.layer.name}" if step else tr("Input")
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return told(step) if step else self._input_text()
        return None

    def data_info(self) -> DatasetInfo:
        """What the input card tells of."""
        return self._document.project.data.info()

    def _input_text(self) -> str:
        info = self.data_info()
        return tr("Input, {data}, {shape}", data=info.title, shape=shape_text(info.shape))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.row() > 0 else flags

    def mimeTypes(self) -> list[str]:
        return [MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        rows = sorted({index.row() - 1 for index in indexes if index.row() > 0})
        return layers_mime([self.steps[row].layer for row in rows], rows)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def dropMimeData(
        self, mime: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        try:
            layers, rows = layers_of(mime)
        except UserError:
            return False
        before = len(self.steps) if row < 0 else max(row - 1, 0)
        if action == Qt.DropAction.MoveAction and self._are(rows, layers):
            self.move(rows, before)
        else:
            self.insert(before, layers)
        return False  # True would have the view remove the dragged rows a second time

    def _are(self, rows: Sequence[int], layers: Sequence[LayerSpec]) -> bool:
        """Whether a drag came from here, and not from another window."""
        mine = [self.steps[row].layer for row in rows if 0 <= row < len(self.steps)]
        return bool(mine) and mine == list(layers)

    def move(self, rows: Sequence[int], before: int) -> None:
        """Move layers, given by position, in front of position `before`."""
        model = self._document.project.model.moved(rows, before)
        self._edit(tr("Move"), model)
        first = before - sum(row < before for row in rows)
        self.dropped.emit(list(range(first, first + len(rows))))

    def insert(self, before: int, layers: Sequence[LayerSpec]) -> None:
        """Put layers in front of position `before`."""
        label = tr("Add {layer}", layer=layers[0].kind if len(layers) == 1 else len(layers))
        self._edit(label, self._document.project.model.inserted(before, layers))
        self.dropped.emit(list(range(before, before + len(layers))))

    def remove(self, rows: Sequence[int], label: str) -> None:
        """Remove layers, given by position."""
        self._edit(label, self._document.project.model.removed(rows))
        left = min(*rows, len(self.steps) - 1)
        self.dropped.emit([left] if left >= 0 else [])

    def swap(self, row: int, layers: Sequence[LayerSpec], label: str) -> None:
        """Put layers in place of the one at position `row`."""
        model = self._document.project.model.swapped(row, layers)
        self._edit(label, model)

    def _edit(self, label: str, model: ModelSpec) -> None:
        project = self._document.project
        self._document.edit(label, project.replace(model=model))


def told(step: Step) -> str:
    """A card in words, for screen readers and tooltips."""
    layer = step.layer
    if step.fault:
        return f"{layer.kind} {layer.name} {sentence(step.fault)}"
    words = [f"{layer.kind} {layer.name}", layer.words()]
    words.append(tr("output {shape}", shape=shape_text(step.out_shape)))
    if step.parameters:
        words.append(counted(step.parameters, tr("parameter"), tr("parameters")))
    return ", ".join(word for word in words if word)
