"""The tab of the split: how the samples are parted, and what is particular to their source."""

from PySide6.QtWidgets import QLabel

from workbench.core.data import DatasetSpec
from workbench.ui.data.balance import Shares
from workbench.ui.data.part import Part
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr

ELSEWHERE = ("path", "facts", "header", "prepare", "normalize", "balance", "root")
"""Fields that other tabs and commands change, or the question when data are opened."""


class SplitPart(Part):
    """The shares, the seed and the folds; for files also target, features and the like."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "split_tab", tr("Split"))
        self.shares = Shares(session.theme)
        self._how = styled(named(QLabel(wordWrap=True), "data.how"), "muted")
        self.form = SpecForm("data.form")
        self.form.edited.connect(self._edited)
        for widget in (self.shares, self._how, self.form):
            self.rows.addWidget(widget)
        self.rows.addStretch(1)

    def _edited(self, data: DatasetSpec, field: str) -> None:
        self.edit(tr("Change {field}", field=field), data)

    def draw(self) -> None:
        data, told = self.data, self.session.data.described
        info = data.info()
        self.shares.show_sizes(dict(told.sizes if told else info.sizes))
        self._how.setText(self._words(data))
        if self.form.spec != data:  # telling the same again would disturb who is typing
            for field, values in data.offers().items():
                if field != "features":
                    self.form.set_choices(field, values)
            self.form.show_spec(data, skip=ELSEWHERE)

    @staticmethod
    def _words(data: DatasetSpec) -> str:
        column = getattr(data, "split_column", "")
        if column:
            return tr("Split by the column {column}.", column=column)
        if getattr(data, "folds", 1) > 1:
            told = {"fold": getattr(data, "fold", 1), "folds": getattr(data, "folds", 1)}
            return tr("Fold {fold} of {folds} validates; the others train.", **told)
        return tr("Drawn by the seed, evenly from every class where there are classes.")
