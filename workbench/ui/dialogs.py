"""Questions and messages. None of them blocks: each calls back when it is answered."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QMessageBox,
    QWidget,
)

from workbench.core.project import SUFFIX
from workbench.ui.text import tr

OnPath = Callable[[Path], object]
PROJECTS = "Torch Workbench (*.workbench)"


def ask_file(parent: QWidget, name: str, title: str, filters: str, on_path: OnPath) -> None:
    """Ask for a file to open."""
    _ask(parent, name, title, filters, on_path, QFileDialog.FileMode.ExistingFile)


def ask_folder(parent: QWidget, name: str, title: str, start: Path, on_path: OnPath) -> None:
    """Ask for a folder."""
    dialog = _ask(parent, name, title, "", on_path, QFileDialog.FileMode.Directory)
    if start.is_dir():
        dialog.setDirectory(str(start))


def ask_data_file(parent: QWidget, name: str, title: str, start: Path, on_path: OnPath) -> None:
    """Ask for a file of data, of any kind."""
    dialog = _ask(parent, name, title, "", on_path, QFileDialog.FileMode.ExistingFile)
    if start.is_dir():
        dialog.setDirectory(str(start))


def ask_new_file(
    parent: QWidget, name: str, title: str, filters: str, suggested: str, on_path: OnPath
) -> None:
    """Ask where to save; an ending is added from the filter if none is typed."""
    dialog = _ask(parent, name, title, filters, on_path, QFileDialog.FileMode.AnyFile)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(suggested).suffix.lstrip("."))
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_first_suffix(chosen)))
    dialog.selectFile(suggested)


def _first_suffix(chosen: str) -> str:
    """`PyTorch (*.pt *.pth)` as `pt`."""
    return chosen.partition("(*.")[2].partition(" ")[0].rstrip(")")


def _ask(
    parent: QWidget,
    name: str,
    title: str,
    filters: str,
    on_path: OnPath,
    mode: QFileDialog.FileMode,
) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    dialog.setObjectName(name)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(mode)
    if filters:
        dialog.setNameFilters([tr(each) for each in filters.split(";;")])
    dialog.fileSelected.connect(lambda path: on_path(Path(path)))
    dialog.open()
    return dialog


def ask_to_save(
    parent: QWidget, title: str, save: Callable[[], None], go_on: Callable[[], None]
) -> None:
    """Ask about unsaved changes: save, discard (`go_on` at once) or cancel."""
    box = _box(parent, "dialog.unsaved", QMessageBox.Icon.Warning)
    box.setText(tr("Save the changes to {title}?", title=title))
    box.setInformativeText(tr("They are lost if you don't."))
    button = QMessageBox.StandardButton
    box.setStandardButtons(button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    answers = {button.Save: save, button.Discard: go_on}
    box.buttonClicked.connect(lambda b: answers.get(box.standardButton(b), lambda: None)())
    box.open()


def ask_to_download(parent: QWidget, title: str, folder: Path, go_on: Callable[[], object]) -> None:
    """Ask before anything is fetched from the internet."""
    box = _box(parent, "dialog.download", QMessageBox.Icon.Question)
    box.setText(tr("Download {name} from the internet?", name=title))
    box.setInformativeText(tr("Its files will be kept in {folder}.", folder=folder))
    yes = box.addButton(tr("Download"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.buttonClicked.connect(lambda clicked: go_on() if clicked is yes else None)
    box.open()


def ask_to_delete(
    parent: QWidget, name: str, question: str, told: str, go_on: Callable[[], object]
) -> None:
    """Ask before something is deleted for good."""
    _ask_first(parent, name, question, told, tr("Delete"), go_on)


def ask_to_trash(
    parent: QWidget, name: str, question: str, told: str, go_on: Callable[[], object]
) -> None:
    """Ask before something goes where it can be taken back from."""
    _ask_first(parent, name, question, told, tr("Move to Trash"), go_on)


def ask_to_replace(
    parent: QWidget, name: str, question: str, told: str, go_on: Callable[[], object]
) -> None:
    """Ask before something takes the place of what is there."""
    _ask_first(parent, name, question, told, tr("Replace"), go_on)


def _ask_first(
    parent: QWidget, name: str, question: str, told: str, deed: str, go_on: Callable[[], object]
) -> None:
    box = _box(parent, name, QMessageBox.Icon.Warning)
    box.setText(question)
    box.setInformativeText(told)
    yes = box.addButton(deed, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.buttonClicked.connect(lambda clicked: go_on() if clicked is yes else None)
    box.open()


def tell_crash(parent: QWidget | None, summary: str, details: str) -> None:
    """Tell a fault of the program; the details fold out and can be copied."""
    if parent and any(box.isVisible() for box in parent.findChildren(QMessageBox, "dialog.crash")):
        return  # one is enough: the log has them all
    box = _box(parent, "dialog.crash", QMessageBox.Icon.Critical)
    box.setText(tr("Something went wrong in the program: {summary}", summary=summary))
    box.setInformativeText(
        tr("Your project is still open; save it. The details are in the log as well.")
    )
    box.setDetailedText(details)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.open()


def tell(parent: QWidget, name: str, title: str, text: str) -> None:
    """Show a text."""
    box = _box(parent, name, QMessageBox.Icon.NoIcon)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText(text)
    box.open()


def _box(parent: QWidget | None, name: str, icon: QMessageBox.Icon) -> QMessageBox:
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setWindowTitle("Torch Workbench")
    box.setIcon(icon)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box


def project_path(path: Path) -> Path:
    """A path with the ending of project files."""
    return path if path.suffix else path.with_suffix(SUFFIX)
