"""`Part`: one tab of the Data panel."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.core.data import DatasetInfo, DatasetSpec
from workbench.ui.naming import named, styled
from workbench.ui.session import Session


class Part(QWidget):
    """Drawn only while it is looked at; `shown_for` says for which data there is such a tab."""

    def __init__(self, session: Session, name: str, title: str) -> None:
        super().__init__()
        styled(named(self, f"data.{name}"), "part")
        self.session, self.name, self.title = session, name, title
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 4, 4, 0)
        self.rows.setSpacing(5)

    @property
    def data(self) -> DatasetSpec:
        """The project's data."""
        return self.session.document.project.data

    def shown_for(self, info: DatasetInfo) -> bool:
        """Whether such data have this tab."""
        return True

    def draw(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def edit(self, label: str, data: DatasetSpec) -> None:
        """Put changed data into the project, as an edit that can be undone."""
        document = self.session.document
        document.edit(label, document.project.with_data(data))
