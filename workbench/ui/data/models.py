"""Samples as models of item views: pictures, and rows of a table."""

from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QAbstractTableModel, Qt

from workbench.core.data import DatasetInfo
from workbench.ui.pictures import IMAGE, picture
from workbench.ui.stack import Index

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Shown(NamedTuple):
    """Samples side by side, and what they are of."""

    info: DatasetInfo
    inputs: "NDArray[Any]"
    targets: "NDArray[Any]"


class Pictures(QAbstractListModel):
    """Samples as pictures."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None

    def show(self, shown: Shown | None) -> None:
        """Show other samples; none where they are no images."""
        self.beginResetModel()
        self._shown = shown if shown and shown.info.is_image else None
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._shown.inputs) if self._shown else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self._shown:
            return None
        info, inputs, targets = self._shown
        if role == IMAGE:
            return picture(inputs[index.row()], info.full_scale)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            target = targets[index.row()]
            return info.classes[target] if info.classes else f"{target:g}"
        return None


class TableRows(QAbstractTableModel):
    """Samples as rows, the target first."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None

    def show(self, shown: Shown | None) -> None:
        """Show other samples; none where they are images."""
        self.beginResetModel()
        self._shown = shown if shown and not shown.info.is_image else None
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._shown.inputs) if self._shown else 0

    def columnCount(self, parent: Index | None = None) -> int:
        if not self._shown:
            return 0
        info = self._shown.info
        return 1 + (len(info.features) or _values(info))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not self._shown:
            return None
        if orientation == Qt.Orientation.Vertical:
            return section + 1
        info = self._shown.info
        names = info.features or range(1, _values(info) + 1)
        return str((info.target, *names)[section])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not self._shown:
            return None
        info, inputs, targets = self._shown
        if index.column():
            return f"{inputs[index.row()].flat[index.column() - 1]:.4g}"
        target = targets[index.row()]
        return info.classes[target] if info.classes else f"{target:g}"


MOST_VALUES = 100


def _values(info: DatasetInfo) -> int:
    """How many of a sample's values have a column; a long series would fill miles of table."""
    total = 1
    for size in info.shape:
        total *= size
    return min(total, MOST_VALUES)
