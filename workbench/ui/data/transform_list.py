"""The transforms in their order, to be chosen, dragged, moved by keys and removed."""

from collections import Counter
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QMenu

from workbench.core.transform import TransformSpec
from workbench.ui.form_row import value_text
from workbench.ui.naming import named
from workbench.ui.text import tr

MOST_ROWS = 5


class TransformList(QListWidget):
    """As high as its rows, up to `MOST_ROWS`."""

    dragged = Signal(object)
    """The rows in their new order, by their old numbers from 0."""
    shift_wanted = Signal(int)
    remove_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(
            self,
            "data.transforms",
            tr("Transforms"),
            tr("Drag to reorder, or Alt+Up and Alt+Down; Del removes"),
        )
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # a drop moves the row while it is still going on: the edit waits until it is over
        self.model().rowsMoved.connect(lambda: QTimer.singleShot(0, self, self._tell_order))

    def fill(self, transforms: Sequence[TransformSpec]) -> None:
        """Show these transforms; the chosen row stays chosen."""
        row = self.currentRow()
        self.blockSignals(True)
        self.clear()
        for number, transform in enumerate(transforms, 1):
            mark = " · " + tr("training only") if transform.train_only else ""
            self.addItem(f"{number}  {transform.kind}{mark}")
            self.item(number - 1).setToolTip(f"{tr(transform.summary)}\n{_words(transform)}")
        self.setCurrentRow(min(max(row, 0), len(transforms) - 1))
        self.blockSignals(False)
        self.setVisible(bool(transforms))
        rows = min(len(transforms), MOST_ROWS)
        self.setFixedHeight(rows * self.sizeHintForRow(0) + 4 if rows else 0)

    def _tell_order(self) -> None:
        texts = [self.item(row).text() for row in range(self.count())]
        self.dragged.emit([int(text.split()[0]) - 1 for text in texts])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        elif alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift_wanted.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)


def _words(transform: TransformSpec) -> str:
    """The arguments of a transform: `size=28, padding=4`."""
    fields = type(transform).model_fields
    return ", ".join(f"{name}={value_text(getattr(transform, name))}" for name in fields)


def fill_menu(menu: QMenu, take: Callable[[type[TransformSpec]], object]) -> None:
    """List all transforms by what they do; `take` gets the chosen one."""
    menu.clear()
    kinds = TransformSpec.choices().values()
    sizes = Counter(map(_group, kinds))
    groups: dict[str, QMenu] = {}
    for kind in kinds:
        group = _group(kind)
        if group not in groups:  # what is alone in its group stands for itself
            groups[group] = menu.addMenu(tr(group)) if sizes[group] > 1 else menu
            groups[group].setToolTipsVisible(True)
        action = groups[group].addAction(kind.__name__)
        action.setObjectName(f"data.add.{kind.__name__}")
        action.setToolTip(tr(kind.summary))
        action.triggered.connect(lambda _=False, kind=kind: take(kind))


def _group(kind: type[TransformSpec]) -> str:
    """What its file is called: `Cropping`."""
    return kind.__module__.rpartition(".")[2].capitalize()
