"""Model > Save: the ways to write the model in hand, each with what it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
)

from workbench.ui import dialogs
from workbench.ui.naming import named, styled
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.main_window import MainWindow
    from workbench.ui.models import Models

NAME = "dialog.save_model"


class Way(NamedTuple):
    """A kind of file: what it is called, what it is for, and what its name ends in."""

    id: str
    title: str
    purpose: str
    filters: str
    suffix: str
    write: Callable[[Models, Path], None]


WAYS = (
    Way(
        "bundle",
        "Model &bundle",
        "Network, weights, classes, preparation and metrics in one file: opens here as a ready "
        "model.",
        "PyTorch (*.pt)",
        ".bundle.pt",
        lambda models, path: models.save_bundle(path),
    ),
    Way(
        "parameters",
        "&Parameters",
        "The weights alone, as a state_dict: for a program that builds the same network.",
        "PyTorch (*.pt *.pth);;safetensors (*.safetensors)",
        ".pt",
        lambda models, path: models.save_parameters(path),
    ),
    Way(
        "network",
        "Whole &network",
        "Layers and weights as a standard nn.Sequential: opens with torch alone, without code.",
        "PyTorch (*.pt *.pth)",
        ".network.pt",
        lambda models, path: models.save_network(path),
    ),
)


class SaveDialog(QDialog):
    """Asks for a way, then for a file."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName(NAME)
        self.setWindowTitle(tr("Save model"))
        self._window = window
        self._ways = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(4)
        for number, way in enumerate(WAYS):
            self._add(number, way)
        self._ways.button(0).setChecked(True)
        self._add_buttons()

    def _add(self, number: int, way: Way) -> None:
        button = named(
            QRadioButton(tr(way.title)),
            f"{NAME}.{way.id}",
            tr(way.title).replace("&", ""),
            tr(way.purpose),
        )
        button.setAccessibleDescription(tr(way.purpose))
        self._ways.addButton(button, number)
        purpose = styled(named(QLabel(tr(way.purpose)), f"{NAME}.{way.id}.purpose"), "muted")
        purpose.setContentsMargins(24, 0, 0, 8)
        self._column.addWidget(button)
        self._column.addWidget(purpose)

    def _add_buttons(self) -> None:
        button = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(button.Save | button.Cancel)
        save, cancel = buttons.button(button.Save), buttons.button(button.Cancel)
        save.setText(tr("Save…"))
        styled(save, "primary")
        named(save, f"{NAME}.save", tr("Save…"), tr("Choose a file"))
        named(cancel, f"{NAME}.cancel", cancel.text(), tr("Write nothing"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._column.addSpacing(6)
        self._column.addWidget(buttons)

    def done(self, result: int) -> None:
        """Close."""
        super().done(result)
        self.deleteLater()

    def accept(self) -> None:
        """Ask for the file, and write it."""
        super().accept()
        way, window = WAYS[self._ways.checkedId()], self._window
        dialogs.ask_new_file(
            window,
            f"{NAME}_file",
            tr("Save model"),
            way.filters,
            f"{window.session.document.title}{way.suffix}",
            lambda path: way.write(window.models, path),
        )
