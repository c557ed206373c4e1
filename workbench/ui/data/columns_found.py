"""What was found in the columns of a table: their kinds, first rows, and a tick for each that is
learned from."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem

from workbench.catalog.datasets.table import Table
from workbench.core.data import DatasetSpec
from workbench.core.shown import TableHead
from workbench.ui.naming import named
from workbench.ui.text import tr

KINDS = {"number": "number", "category": "category", "text": "text", "empty": "no values"}
ROWS = 3


class ColumnsFound(QTableWidget):
    """A row for each column of the file; the tick says whether it is a feature."""

    features_chosen = Signal(object)
    """The names of the ticked columns."""

    def __init__(self, data: DatasetSpec) -> None:
        super().__init__()
        named(
            self,
            "dialog.question.columns",
            tr("Columns of the table"),
            tr("Tick the columns to learn from"),
        )
        self._ticks: list[QTableWidgetItem] = []
        self._columns = data.facts.columns if isinstance(data, Table) else ()
        self.setVisible(bool(self._columns))
        rows = [tr("Row {number}", number=number + 1) for number in range(ROWS)]
        heads = [tr("Column"), tr("Holds"), tr("Different"), tr("Missing"), *rows]
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(heads)
        self.setRowCount(len(self._columns))
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(24)
        for row, found in enumerate(self._columns):
            cells = (tr(KINDS[found.holds]), f"{found.distinct:,}", f"{found.missing:,}")
            for place, text in enumerate((found.name, *cells)):
                self.setItem(row, place, QTableWidgetItem(text))
            self._ticks.append(self.item(row, 0) or QTableWidgetItem())
        self.show_features(data)
        self.resizeColumnsToContents()
        self.itemChanged.connect(self._ticked)

    def show_features(self, data: DatasetSpec) -> None:
        """Tick the columns that are learned from; what can't be one has no tick."""
        if not isinstance(data, Table):
            return
        used = {column.name for column in data.columns}
        taken = {data.target, data.split_column} if not data.window else set()
        self.blockSignals(True)
        for item, found in zip(self._ticks, self._columns, strict=True):
            able = found.is_feature and found.name not in taken
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
            item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable if able else flags)
            state = Qt.CheckState.Checked if found.name in used else Qt.CheckState.Unchecked
            item.setData(Qt.ItemDataRole.CheckStateRole, state if able else None)
        self.blockSignals(False)

    def show_head(self, head: TableHead) -> None:
        """Fill in the first rows of the file."""
        self.blockSignals(True)
        for row, cells in enumerate(head.columns[: self.rowCount()]):
            for place, text in enumerate(cells[:ROWS]):
                self.setItem(row, self.columnCount() - ROWS + place, QTableWidgetItem(text))
        self.blockSignals(False)
        self.resizeColumnsToContents()

    def _ticked(self, item: QTableWidgetItem) -> None:
        chosen = tuple(
            found.name
            for tick, found in zip(self._ticks, self._columns, strict=True)
            if tick.checkState() == Qt.CheckState.Checked
        )
        self.features_chosen.emit(chosen)
