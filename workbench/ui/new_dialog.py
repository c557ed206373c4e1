"""The dialog of File > New: a template, shown by its network in small, and the data for it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.layer import counted, shape_text
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.naming import named, styled
from workbench.ui.text import sentence, tr
from workbench.ui.theme import Theme
from workbench.ui.thumbnails import thumbnail

Index = QModelIndex | QPersistentModelIndex
NAME = Qt.ItemDataRole.UserRole
CARD, PICTURE = QSize(220, 160), QSize(188, 74)
COLUMNS, ROWS = 4, 3
PRESENT = ""
"""In the list of data, beside the names of datasets: the project's own."""


class _Templates(QListWidget):
    """The templates as cards with a picture of their network.

    A picture costs up to 15 ms, so each is made in a turn of the event loop of its own.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.pictures: dict[str, QPixmap] = {}
        self._wanted: list[str] = []
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setItemDelegate(_Card(self))
        for template in Template.by_topic():
            item = QListWidgetItem(f"{tr(template.title)}\n{tr(template.summary)}", self)
            item.setData(NAME, template.name)
            item.setToolTip(tr(template.summary))

    def picture(self, name: str) -> QPixmap | None:
        """The network of a template; None if it is still to be made, which is then done soon."""
        if name not in self.pictures and name not in self._wanted:
            self._wanted.append(name)
            QTimer.singleShot(0, self, self._make_one)
        return self.pictures.get(name)

    def _make_one(self) -> None:
        name = self._wanted.pop(0)
        project = Template.shelf[name].project()
        size, ratio = PICTURE, self.devicePixelRatioF()
        self.pictures[name] = thumbnail(project, self.theme, size.width(), size.height(), ratio)
        self.viewport().update()


class _Card(QStyledItemDelegate):
    """Paints a template: its network, its title, and its line below."""

    def __init__(self, view: _Templates) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        title, _, summary = str(index.data()).partition("\n")
        card = option.rect.adjusted(5, 5, -5, -5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, card)
        picture = self._view.picture(index.data(NAME))
        if picture:
            painter.drawPixmap(
                card.left() + (card.width() - PICTURE.width()) // 2, card.top() + 8, picture
            )
        self._paint_words(painter, option.font, card.adjusted(11, 88, -9, -4), title, summary)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, card: QRect) -> None:
        colors = self._view.theme.colors
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        edge = colors.accent if chosen else colors.muted if hovered else colors.border
        painter.setPen(QPen(QColor(edge), 2 if chosen else 1))
        painter.setBrush(QColor(colors.card))
        painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def _paint_words(
        self, painter: QPainter, font: QFont, room: QRect, title: str, summary: str
    ) -> None:
        colors = self._view.theme.colors
        strong, small = QFont(font), QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(11)
        painter.setFont(strong)
        painter.setPen(QColor(colors.text))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignTop), title)
        painter.setFont(small)
        painter.setPen(QColor(colors.muted))
        lower = room.adjusted(0, QFontMetrics(strong).height() + 1, 0, 0)
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        painter.drawText(lower, int(wrap), summary)


class NewDialog(QDialog):
    """Choose a template and the data that it starts with."""

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        present: DatasetSpec,
        on_project: Callable[[Project], None],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.new")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("New project"))
        # with a scroll bar beside the cards; it leaves a laptop's screen of 768 lines some room
        self.resize(COLUMNS * CARD.width() + 58, ROWS * CARD.height() + 160)
        self._on_project, self._present = on_project, present
        self._keeps_data = False
        self.templates = named(
            _Templates(theme),
            "dialog.new.templates",
            tr("Templates"),
            tr("The network and recipe to start from"),
        )
        self.data = named(QComboBox(), "dialog.new.data", tr("Data"), tr("The data to start with"))
        self._offer_data()
        self._told = named(QLabel(wordWrap=True), "dialog.new.told")
        self._lay_out()
        self.templates.currentItemChanged.connect(self._template_chosen)
        self.templates.itemActivated.connect(lambda _: self.accept())
        self.data.currentIndexChanged.connect(self._tell)
        self.data.activated.connect(lambda _: self._keep_data())
        self._begin()
        self.templates.setFocus()

    def _offer_data(self) -> None:
        """The present data first where no name alone would bring them back."""
        own = type(self._present).__name__ not in DatasetSpec.offered()
        if own:
            title = self._present.source_info().title
            self.data.addItem(tr("{name} (present data)", name=title), PRESENT)
        for kind in DatasetSpec.offered().values():
            self.data.addItem(tr(kind.title), kind.__name__)

    def _keep_data(self) -> None:
        """What was chosen by hand stays, whatever template is looked at."""
        self._keeps_data = True

    def _begin(self) -> None:
        """With the first template; for own files with the usual one for them."""
        row = 0
        if self.data.findData(PRESENT) >= 0:
            self.data.setCurrentIndex(self.data.findData(PRESENT))
            self._keep_data()
            usual = Template.usual(self._present.info())
            row = Template.by_topic().index(usual)
        self.templates.setCurrentRow(row)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(styled(_label(tr("Start from a &template"), self.templates), "heading"))
        column.addWidget(self.templates, 1)
        line = QHBoxLayout()
        line.addWidget(_label(tr("&Data"), self.data))
        line.addWidget(self.data)
        line.addWidget(self._told, 1)
        column.addLayout(line)
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Ok | button.Cancel)
        create, cancel = buttons.button(button.Ok), buttons.button(button.Cancel)
        create.setText(tr("Create"))
        styled(create, "primary")
        named(create, "dialog.new.create", tr("Create"), tr("Start with this template and data"))
        named(cancel, "dialog.new.cancel", cancel.text(), tr("Keep the present project"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _template(self) -> type[Template]:
        return Template.shelf[self.templates.currentItem().data(NAME)]

    def _template_chosen(self) -> None:
        if not self._keeps_data:
            self.data.setCurrentIndex(self.data.findData(self._template().dataset))
        self._tell()

    def _project(self) -> Project:
        name = self.data.currentData()
        data = self._present if name == PRESENT else DatasetSpec.named(name)()
        return self._template().project(data)

    def _tell(self) -> None:
        """Say what the template makes of the data, or why it does not suit them."""
        try:
            project = self._project()
        except UserError as error:
            self._say(sentence(error), "fault")
            return
        steps = [step for step in project.walk() if not step.depth]
        told = (
            f"{shape_text(steps[0].in_shape)} → {shape_text(steps[-1].out_shape)}",
            counted(sum(s.parameters for s in steps), tr("parameter"), tr("parameters")),
            tr("{count} multiply-adds", count=f"{sum(s.multiply_adds for s in steps):,}"),
            project.train.loss.kind,
        )
        self._say(" · ".join(told), "muted")

    def _say(self, text: str, role: str) -> None:
        for each in ("fault", "muted"):
            self._told.setProperty(each, each == role)
        self._told.style().polish(self._told)
        self._told.setText(text)

    def accept(self) -> None:
        """Make the project, unless the template does not suit the data, which is told."""
        try:
            project = self._project()
        except UserError:
            self.data.setFocus()
            return
        super().accept()
        self._on_project(project)


def _label(text: str, field: QWidget) -> QLabel:
    label = named(QLabel(text), f"{field.objectName()}.label")
    label.setBuddy(field)
    return label
