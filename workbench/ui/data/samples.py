"""The tab of samples: by split and class, a page at a time, with the balance of the classes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTableView

from workbench.core.data import SPLITS, Split
from workbench.core.events import DataDescribed, Event
from workbench.core.shown import SamplesFound
from workbench.ui.asking import Asking
from workbench.ui.data.balance import SPLIT_NAMES, Balance
from workbench.ui.data.models import Pictures, Shown, TableRows
from workbench.ui.data.part import Part
from workbench.ui.naming import named, sign_button, styled
from workbench.ui.pictures import picture_list
from workbench.ui.session import Session
from workbench.ui.text import tr

PAGE = 60
UNEVEN = 1.5
"""How many times the samples of the rarest class the commonest has, from which a remedy is
offered."""
EVEN = {
    "none": "Leave classes uneven",
    "weights": "Weigh rare classes more",
    "sampling": "Draw rare classes more often",
}


class SamplesPart(Part):
    """Real samples as their files hold them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "samples_tab", tr("Samples"))
        self.pictures_model, self.table_model = Pictures(), TableRows()
        self._asking = Asking(session, self._answered, self)
        self._asking.changed.connect(self._show_state)
        self._told: DataDescribed | None = None
        self._first = self._total = 0
        self._add_choices()
        self._add_views()
        self._add_pages()
        self.state = styled(named(QLabel(wordWrap=True), "data.samples_state"), "muted")
        self.per_class = styled(QLabel(), "muted")
        self.balance = Balance(session.theme)
        self.even = named(
            QComboBox(),
            "data.even",
            tr("Balance"),
            tr("How training makes up for classes of unequal size"),
        )
        for word, title in EVEN.items():
            self.even.addItem(tr(title), word)
        self.even.activated.connect(self._balance_chosen)
        for widget in (self.state, self.even, self.per_class, self.balance):
            self.rows.addWidget(widget)

    def _add_choices(self) -> None:
        self.split = named(
            QComboBox(), "data.split", tr("Split"), tr("Which split's samples are shown")
        )
        for name in SPLITS:
            self.split.addItem(tr(SPLIT_NAMES[name]), name)
        self.label = named(
            QComboBox(), "data.class", tr("Class"), tr("Which class's samples are shown")
        )
        self.split.activated.connect(lambda _: self._look(0))
        self.label.activated.connect(lambda _: self._look(0))
        row = QHBoxLayout()
        for box in (self.split, self.label):
            box.setMinimumContentsLength(5)
            row.addWidget(box, 1)
        self.rows.addLayout(row)

    def _add_views(self) -> None:
        self.pictures = picture_list("data.samples", tr("Samples"), self.session.theme, 36)
        self.pictures.setModel(self.pictures_model)
        self.pictures.setMinimumHeight(84)
        self.table = named(QTableView(), "data.table", tr("Rows of the table"))
        self.table.setModel(self.table_model)
        self.table.setMinimumHeight(90)
        self.table.setTabKeyNavigation(False)  # the arrows move in it, Tab leaves it
        self.table.verticalHeader().setVisible(False)
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setDefaultSectionSize(78)
        for view in (self.pictures, self.table):
            self.rows.addWidget(view, 1)

    def _add_pages(self) -> None:
        row = QHBoxLayout()
        self.where = styled(named(QLabel(), "data.where"), "muted")
        self.back = named(sign_button("‹"), "data.back", tr("Samples before these"))
        self.forth = named(sign_button("›"), "data.forth", tr("More samples"))
        self.back.clicked.connect(lambda: self._look(self._first - PAGE))
        self.forth.clicked.connect(lambda: self._look(self._first + PAGE))
        row.addWidget(self.where, 1)
        row.addWidget(self.back)
        row.addWidget(self.forth)
        self.rows.addLayout(row)

    @property
    def _split(self) -> Split:
        chosen: Split = self.split.currentData() or "train"
        return chosen

    def _look(self, first: int) -> None:
        """Ask for the samples of the chosen split and class from the `first` on."""
        self._first = max(first, 0)
        label = self.label.currentData()
        self._asking.ask("looking.samples", self.data, self._split, label, self._first, PAGE)
        self._show_balance()

    def _answered(self, event: Event) -> None:
        if isinstance(event, SamplesFound):
            self._total = event.total
            self._show(Shown(self.data.source_info(), event.inputs, event.targets))

    def _show(self, shown: Shown | None) -> None:
        self.pictures_model.show(shown)
        self.table_model.show(shown)
        self.pictures.setVisible(bool(shown and shown.info.is_image))
        self.table.setVisible(bool(shown and not shown.info.is_image))
        last = self._first + (len(shown.inputs) if shown else 0)
        if shown:
            told = f"{min(self._first + 1, last):,}–{last:,}"
            self.where.setText(tr("{range} of {total}", range=told, total=f"{self._total:,}"))
        self.where.setVisible(shown is not None)
        self.back.setEnabled(self._first > 0)
        self.forth.setEnabled(last < self._total)

    def _show_state(self) -> None:
        self.state.setText(self._asking.text())
        self.state.setVisible(bool(self.state.text()))

    def draw(self) -> None:
        told = self.session.data.described
        self.even.setCurrentIndex(self.even.findData(self.data.balance))
        if told is self._told:  # an edit of the network must not scroll the samples back
            return
        self._told = told
        self._asking.stop()
        self._show_state()
        self._offer_classes()
        self.split.setCurrentIndex(0)
        self._first, self._total = 0, told.sizes["train"] if told else 0
        info = self.data.source_info()
        self._show(Shown(info, told.sample_inputs, told.sample_targets) if told else None)
        self._show_balance()

    def _offer_classes(self) -> None:
        classes = self.data.source_info().classes
        self.label.clear()
        self.label.addItem(tr("All classes"), None)
        for number, name in enumerate(classes):
            self.label.addItem(name, number)
        self.label.setVisible(bool(classes))
        self.label.view().setTextElideMode(Qt.TextElideMode.ElideRight)

    def _show_balance(self) -> None:
        counts = self._told.class_counts.get(self._split, ()) if self._told else ()
        classes = self.data.source_info().classes if counts else ()
        title = tr(SPLIT_NAMES[self._split])
        self.per_class.setText(tr("{split} samples per class", split=title))
        self.per_class.setVisible(bool(counts))
        self.balance.show_counts(counts, classes, self._split)
        train = self._told.class_counts.get("train", ()) if self._told else ()
        uneven = bool(train) and max(train) >= UNEVEN * max(min(train), 1)
        self.even.setVisible(uneven or self.data.balance != "none")
        self.even.setCurrentIndex(self.even.findData(self.data.balance))

    def _balance_chosen(self) -> None:
        word = self.even.currentData()
        self.edit(tr(EVEN[word]), self.data.replace(balance=word))
