"""The tab of the split: how the samples are parted, and what is particular to their source."""

from PySide6.QtWidgets import QLabel

from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import DatasetSpec
from workbench.ui.data.balance import Shares
from workbench.ui.data.part import Part
from workbench.ui.data.preparing import READING
from workbench.ui.form import SpecForm
from workbench.ui.naming import named, styled
from workbench.ui.session import Session
from workbench.ui.text import tr

ELSEWHERE = ("path", "facts", "header", "prepare", "normalize", "balance", "root", *READING)
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
        if getattr(data, "window", 0):
            return _in_order(data)
        given = data.counts() if isinstance(data, WithTestShare) else {}
        told = [split for split in ("val", "test") if given.get(split)]
        column = getattr(data, "split_column", "")
        words = tr("Split by the column {column}.", column=column) if column else ""
        if told and not column:
            words = tr("Split as the names of folders and files say.")
        rest = _drawn(data, told)
        return f"{words} {rest}".strip()


def _in_order(data: DatasetSpec) -> str:
    if data.folds > 1:
        told = {"fold": data.fold, "folds": data.folds}
        return tr(
            "In order of time: the last samples are the test; of those before them block {fold} of "
            "{folds} validates.",
            **told,
        )
    return tr("In order of time: the last samples are the test, those before them validate.")


def _drawn(data: DatasetSpec, given: list[str]) -> str:
    """How the samples are parted that do not say themselves what they are for."""
    if len(given) == 2:
        return ""
    if "val" in given:
        return tr("Test samples are drawn by the seed.")
    if data.folds > 1:
        told = {"fold": data.fold, "folds": data.folds}
        return tr("Fold {fold} of {folds} validates; the others train.", **told)
    if "test" in given:
        return tr("Validation samples are drawn by the seed.")
    if data.stratify and data.matters("stratify"):
        return tr("Drawn by the seed, evenly from every class.")
    return tr("Drawn by the seed.")
