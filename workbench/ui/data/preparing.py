"""The tab of preparation: transforms in order, a form for each, and what they do to real images."""

from collections.abc import Sequence

from pydantic import ValidationError
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton

from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.core.errors import UserError
from workbench.core.events import Event
from workbench.core.layer import shape_text
from workbench.core.shown import SamplesPrepared
from workbench.core.spec import told
from workbench.core.transform import TransformSpec
from workbench.ui.asking import Asking
from workbench.ui.data.part import Part
from workbench.ui.data.preview import DRAWS, Preview
from workbench.ui.data.transform_list import TransformList, fill_menu
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, sign_button, styled
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr

SAMPLES = 2

READING = ("size", "fit", "colors")
"""Fields of image files that say how they are read, before any transform."""


class PreparePart(Part):
    """Edits the data's transforms; the preview is drawn anew after every edit."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "prepare_tab", tr("Prepare"))
        self._shown_of: object = None
        self._first = self._seed = 0
        self._before: tuple[TransformSpec, ...] = ()
        self._asking = Asking(session, self._answered, self)
        self._asking.changed.connect(self._show_state)
        self._make_list()
        self.preview = Preview(session.theme)
        self.waiting = styled(named(QLabel(), "data.prepare_waiting"), "muted")
        self.waiting.hide()
        self.rows.addWidget(self.waiting)
        self.rows.addWidget(self.preview)
        self._make_form()
        self.rows.addStretch(1)

    def _make_list(self) -> None:
        self.list = TransformList()
        self.list.currentRowChanged.connect(lambda _: self._show_form())
        self.list.dragged.connect(self._dragged)
        self.list.shift_wanted.connect(self._shift)
        self.list.remove_wanted.connect(self._remove)
        self._none = styled(
            QLabel(tr("No transforms yet: used as they are."), wordWrap=True), "muted"
        )
        self.rows.addWidget(self._none)
        self.rows.addWidget(self.list)
        self.rows.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.add = named(
            QPushButton(tr("Add")), "data.add", tr("Add a transform"), tr("Add a transform")
        )
        menu = QMenu(self.add)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: fill_menu(menu, self.append))
        self.add.setMenu(menu)
        row.addWidget(self.add)
        self._signs: list[QToolButton] = []
        for sign, name, title, act in (
            ("↑", "up", tr("Earlier"), lambda: self._shift(-1)),
            ("↓", "down", tr("Later"), lambda: self._shift(1)),
            ("✕", "remove", tr("Remove the transform"), self._remove),
        ):
            button = named(sign_button(sign), f"data.{name}", title)
            button.clicked.connect(act)
            row.addWidget(button)
            self._signs.append(button)
        row.addStretch(1)
        self.other = named(
            sign_button("↻"),
            "data.other",
            tr("Other samples"),
            tr("Show the transforms on other samples, drawn anew"),
        )
        self.other.clicked.connect(self._show_others)
        row.addWidget(self.other)
        return row

    def _make_form(self) -> None:
        self._summary = styled(named(QLabel(wordWrap=True), "data.transform_summary"), "muted")
        self.form = SpecForm("data.transform")
        self.form.edited.connect(self._edited)
        self.normalize = named(
            QCheckBox(tr("Normalize")),
            "data.normalize",
            tr("Normalize"),
            tr("Subtract the mean and divide by the standard deviation of the training split"),
        )
        self.normalize.clicked.connect(
            lambda on: self.edit(tr("Normalize"), self.data.replace(normalize=on))
        )
        self.prepared = styled(named(QLabel(wordWrap=True), "data.prepared"), "muted")
        self.state = styled(named(QLabel(wordWrap=True), "data.prepare_state"), "fault")
        self.reading = SpecForm("data.reading")
        self.reading.edited.connect(self._read_otherwise)
        widgets = (self._summary, self.form, self.normalize, self.prepared, self.state)
        for widget in (*widgets, self.reading):
            self.rows.addWidget(widget)

    def _read_otherwise(self, data: DatasetSpec, field: str) -> None:
        self.edit(tr("Change {field}", field=field), data)

    def shown_for(self, info: DatasetInfo) -> bool:
        return info.is_image

    def draw(self) -> None:
        data, view = self.data, self.session.data
        if self._before != data.prepare or not self.list.count():
            self._fill_list()
        self.normalize.setChecked(data.normalize)
        own = any(transform.kind == "Normalize" for transform in data.prepare)
        self.normalize.setEnabled(not own)
        if self.reading.spec != data:  # telling the same again would disturb who is typing
            others = [name for name in type(data).model_fields if name not in READING]
            self.reading.show_spec(data, skip=others)
        self.prepared.setText(self._words())
        self.prepared.setVisible(bool(self.prepared.text()))
        self._show_form()
        if view.described and self.isVisible() and self._shown_of != (data, self._first):
            self._ask()

    def _words(self) -> str:
        """The shape that comes out, and the figures that it is normalized by."""
        data, view = self.data, self.session.data
        lines = [tr("To float, 0…1, as {shape}", shape=shape_text(data.info().shape))]
        own = any(transform.kind == "Normalize" for transform in data.prepare)
        if data.normalize and not own and view.described:
            mean, std = view.described.mean, view.described.std
            if len(mean) <= 3:
                digits = 3 if len(mean) == 1 else 2  # six figures on one line
                figures = [" ".join(f"{x:.{digits}f}" for x in part) for part in (mean, std)]
                told = tr("mean {mean} · std {std}", mean=figures[0], std=figures[1])
                lines.append(told)
        return "\n".join(lines)

    # -- the list

    def _fill_list(self) -> None:
        self._before = self.data.prepare
        self.list.fill(self._before)
        self._none.setVisible(not self._before)
        self.preview.setVisible(bool(self._before))  # before and behind nothing look the same
        self.other.setEnabled(bool(self._before))

    def _show_form(self) -> None:
        row = self.list.currentRow()
        chosen = self._before[row] if 0 <= row < len(self._before) else None
        self._summary.setVisible(chosen is not None)
        self.form.setVisible(chosen is not None)
        for button in self._signs:
            button.setEnabled(chosen is not None)
        if chosen:
            self._summary.setText(tr(chosen.summary))
            if self.form.spec != chosen:
                self.form.show_spec(chosen)

    # -- edits

    def append(self, kind: type[TransformSpec]) -> None:
        """Add a transform behind the others, and choose it."""
        count = len(self.data.prepare)
        if self._put(tr("Add {name}", name=kind.__name__), (*self.data.prepare, kind())):
            self._fill_list()
            self.list.setCurrentRow(count)

    def _remove(self) -> None:
        row = self.list.currentRow()
        left = [each for place, each in enumerate(self.data.prepare) if place != row]
        self._put(tr("Remove transform"), left)

    def _shift(self, by: int) -> None:
        row, order = self.list.currentRow(), list(self.data.prepare)
        if 0 <= row + by < len(order):
            order.insert(row + by, order.pop(row))
            if self._put(tr("Move transform"), order):
                self._fill_list()
                self.list.setCurrentRow(row + by)

    def _dragged(self, order: Sequence[int]) -> None:
        row = self.list.currentRow()
        self._put(tr("Move transform"), [self._before[number] for number in order])
        self._fill_list()
        self.list.setCurrentRow(row)

    def _edited(self, transform: TransformSpec, field: str) -> None:
        order = list(self.data.prepare)
        order[self.list.currentRow()] = transform
        self._put(tr("Change {field}", field=field), order)

    def _put(self, label: str, order: Sequence[TransformSpec]) -> bool:
        try:
            data = self.data.replace(prepare=tuple(order))
        except ValidationError as error:
            self._complain(sentence(told(error, tr("Transforms"))))
            return False
        except UserError as error:
            self._complain(sentence(error))
            return False
        self._complain("")
        self.edit(label, data)
        return True

    # -- the preview

    def _ask(self) -> None:
        self._shown_of = (self.data, self._first)
        rows = tuple(range(self._first, self._first + SAMPLES))
        self._asking.ask("looking.prepared", self.data, rows, DRAWS, self._seed)

    def _answered(self, event: Event) -> None:
        if isinstance(event, SamplesPrepared):
            self.preview.show_samples(event, self.data.source_info().full_scale)

    def _show_others(self) -> None:
        sizes = self.session.data.described.sizes if self.session.data.described else {"train": 1}
        self._first = (self._first + SAMPLES) % max(sizes["train"], 1)
        self._seed += DRAWS
        self._ask()

    def _show_state(self) -> None:
        waits = self._asking.busy and bool(self._before) and not self.preview.images
        self.waiting.setText(self._asking.text() if waits else "")
        self.waiting.setVisible(waits)
        if self._asking.fault:
            self._complain(self._asking.fault)

    def _complain(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
