"""The Data panel: samples, class balance, split sizes and preparation."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QAbstractTableModel, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.core.events import DataDescribed
from workbench.ui.dock import Dock
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.panel import Panel
from workbench.ui.panels.layer import scrolled
from workbench.ui.pictures import IMAGE, picture, picture_list
from workbench.ui.session import Session
from workbench.ui.stack import Index
from workbench.ui.text import sentence, tr
from workbench.ui.theme import Theme


class Samples(QAbstractListModel):
    """Some samples of the training split, as pictures."""

    def __init__(self) -> None:
        super().__init__()
        self._told: DataDescribed | None = None
        self._info: DatasetInfo | None = None

    def show(self, told: DataDescribed | None, info: DatasetInfo) -> None:
        """Show other samples."""
        self.beginResetModel()
        self._told, self._info = told if info.is_image else None, info
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._told.sample_inputs) if self._told else 0

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self._told or not self._info:
            return None
        if role == IMAGE:
            return picture(self._told.sample_inputs[index.row()], self._info.full_scale)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._info.classes[self._told.sample_targets[index.row()]]
        return None


class TableRows(QAbstractTableModel):
    """Some rows of the training split, the target first."""

    def __init__(self) -> None:
        super().__init__()
        self._told: DataDescribed | None = None
        self._info: DatasetInfo | None = None

    def show(self, told: DataDescribed | None, info: DatasetInfo) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._told, self._info = None if info.is_image else told, info
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._told.sample_inputs) if self._told else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return 1 + len(self._info.features) if self._told and self._info else 0

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not self._info:
            return None
        if orientation == Qt.Orientation.Vertical:
            return section + 1
        return (self._info.target, *self._info.features)[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not self._told or not self._info:
            return None
        if index.column():
            return f"{self._told.sample_inputs[index.row()][index.column() - 1]:.4g}"
        target = self._told.sample_targets[index.row()]
        return self._info.classes[target] if self._info.classes else f"{target:g}"


class Balance(QWidget):
    """A bar for each class, as high as its number of training samples."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("data.balance")
        self._theme = theme
        self._counts: tuple[int, ...] = ()
        self._names: tuple[str, ...] = ()
        self.setFixedHeight(78)

    def show_counts(self, counts: tuple[int, ...], names: tuple[str, ...]) -> None:
        """Show the numbers of samples of the classes `names`."""
        self._counts, self._names = counts, names
        told = ", ".join(f"{name}: {count:,}" for name, count in zip(names, counts, strict=True))
        self.setToolTip(told.replace(", ", "\n"))
        self.setAccessibleName(tr("Training samples per class: {told}", told=told))
        self.setVisible(bool(counts))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = self._theme.colors
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        room = self.height() - 18
        width = self.width() / max(len(self._counts), 1)
        metrics = painter.fontMetrics()
        named = all(metrics.horizontalAdvance(name) + 4 <= width for name in self._names)
        for place, (count, name) in enumerate(zip(self._counts, self._names, strict=True)):
            high = round(room * count / max(self._counts))
            left = round(place * width)
            bar = QRect(left + 2, room - high, max(round(width) - 4, 2), high)
            painter.fillRect(bar, QColor(colors.val))
            painter.setPen(QColor(colors.muted))
            label = QRect(left, room + 2, round(width), 15)
            painter.drawText(
                label, int(Qt.AlignmentFlag.AlignCenter), name if named else str(place)
            )


class DataPanel(Panel):
    """What the project's data are, and the buttons to choose others."""

    def __init__(self, session: Session, dock: Dock) -> None:
        super().__init__(session, dock)
        self._heading = styled(named(QLabel(wordWrap=True), "data.heading"), "heading")
        self._sizes = styled(named(QLabel(wordWrap=True), "data.sizes"), "muted")
        self._state = named(QLabel(wordWrap=True), "data.state")
        self._busy = named(QProgressBar(maximum=0), "data.busy", tr("Loading"))
        self.samples, self.table_rows = Samples(), TableRows()
        self.pictures = picture_list(
            "data.samples", tr("Samples of the training split"), session.theme, 36
        )
        self.pictures.setModel(self.samples)
        self.pictures.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table = named(QTableView(), "data.table", tr("Rows of the training split"))
        self.table.setModel(self.table_rows)
        self.table.setFixedHeight(150)
        self.table.setTabKeyNavigation(False)  # the arrows move in it, Tab leaves it
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(22)
        self._per_class = styled(QLabel(tr("Training samples per class")), "muted")
        self.balance = Balance(session.theme)
        self._prepared = named(QLabel(wordWrap=True), "data.prepared")
        self._told: object = self  # what the samples were last drawn from: nothing yet
        self.form = SpecForm("data.form")
        self.form.setVisible(False)
        self.form.edited.connect(self._edited)
        self._lay_out()
        session.data_changed.connect(self.changed)
        session.document.changed.connect(self.changed)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(7)
        for widget in (
            self._heading,
            self._sizes,
            self._busy,
            self._state,
            self.pictures,
            self.table,
            self._per_class,
            self.balance,
            self._prepared,
            self.form,
        ):
            column.addWidget(widget)
        column.setStretchFactor(self.pictures, 1)
        column.addStretch(0)
        self.rows.addWidget(scrolled(inner), 1)
        self.rows.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.choose = named(
            QPushButton(tr("Choose data")),
            "data.choose",
            tr("Choose data"),
            tr("Train on other data"),
        )
        self.edit = named(
            QPushButton(tr("Split…")),
            "data.edit",
            tr("Split"),
            tr("Change how the data are split and prepared"),
        )
        self.edit.setCheckable(True)
        self.download = named(
            QPushButton(tr("Download…")),
            "data.download",
            tr("Download"),
            tr("Fetch the files from the internet; asks first"),
        )
        self.download.hide()
        self.edit.toggled.connect(self.form.setVisible)
        for button in (self.choose, self.edit, self.download):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def set_menu(self, menu: QMenu) -> None:
        """Give the Choose button its list of datasets."""
        self.choose.setMenu(menu)

    def _edited(self, data: DatasetSpec, field: str) -> None:
        document = self.session.document
        document.edit(tr("Change {field}", field=field), document.project.replace(data=data))

    def draw(self) -> None:
        data, view = self.session.document.project.data, self.session.data
        info, told = data.info(), view.described
        self._heading.setText(info.title)
        self.info.setText(tr(info.origin))
        sizes = told.sizes if told else info.sizes
        self._sizes.setText(
            tr(
                "{train} train · {val} validation · {test} test",
                train=f"{sizes['train']:,}",
                val=f"{sizes['val']:,}",
                test=f"{sizes['test']:,}",
            )
        )
        self._busy.setVisible(bool(view.loading))
        self._state.setText(view.loading or (sentence(view.error) if view.error else ""))
        self._state.setVisible(bool(self._state.text()))
        self.download.setVisible(data.downloadable and view.error is not None)
        if self.form.spec != data:  # telling the same again would disturb who is typing
            self.form.show_spec(data, skip=("path", "facts", "prepare"))
        self._show_samples(told, info)
        self._prepared.setText(self._preparation(data, info, told))

    def _show_samples(self, told: DataDescribed | None, info: DatasetInfo) -> None:
        if told is self._told:  # an edit of the network must not scroll the samples back
            return
        self._told = told
        self.samples.show(told, info)
        self.table_rows.show(told, info)
        self.table.setVisible(told is not None and not info.is_image)
        self.pictures.setVisible(told is not None and info.is_image)
        counts = told.class_counts.get("train", ()) if told else ()
        self.balance.show_counts(counts, info.classes if counts else ())
        self._per_class.setVisible(bool(counts))

    @staticmethod
    def _preparation(data: DatasetSpec, info: DatasetInfo, told: DataDescribed | None) -> str:
        steps = [tr("To float, 0…1") if info.is_image else tr("To float")]
        if data.normalize and told:
            if len(told.mean) <= 3:
                figures = [" ".join(f"{x:.3f}" for x in part) for part in (told.mean, told.std)]
                steps.append(
                    tr("Normalize: mean {mean}, std {std}", mean=figures[0], std=figures[1])
                )
            else:
                low, high = min(told.mean), max(told.mean)
                steps.append(
                    tr(
                        "Normalize each column (means {low} to {high})",
                        low=f"{low:.3g}",
                        high=f"{high:.3g}",
                    )
                )
        numbered = [f"{number}  {step}" for number, step in enumerate(steps, 1)]
        return tr("Prepared by") + "\n" + "\n".join(numbered)
