"""The main window: it puts the panels together and answers for closing in good order."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QIcon
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow, QTabWidget

from workbench.core.errors import UserError
from workbench.core.places import resource, user_data
from workbench.core.project import Project, load_project, save_project
from workbench.engine.remote import EngineFault
from workbench.ui import dialogs
from workbench.ui.actions import Commands
from workbench.ui.banner import Banner
from workbench.ui.commands import rows
from workbench.ui.layouts import arrange
from workbench.ui.naming import named
from workbench.ui.outcome import Outcomes
from workbench.ui.panel import Panel
from workbench.ui.panels.confusion import ConfusionPanel
from workbench.ui.panels.curves import AccuracyPanel, CurvesPanel
from workbench.ui.panels.data import DataPanel
from workbench.ui.panels.layer import LayerPanel
from workbench.ui.panels.network import NetworkPanel
from workbench.ui.panels.palette import PalettePanel
from workbench.ui.panels.predictions import PredictionsPanel
from workbench.ui.panels.training import TrainingPanel
from workbench.ui.run_bar import RunBar
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr

FIRST_SIZE = QSize(1560, 960)

log = logging.getLogger(__name__)


def recovered_file() -> Path:
    """Where unsaved changes go when the system ends the program."""
    return user_data() / "recovered.workbench"


class MainWindow(QMainWindow):
    """One window on one session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.session = session
        session.setParent(self)
        self._closing = self._closed = False
        self.setWindowIcon(QIcon(str(resource("icons", "workbench.svg"))))
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._add_panels()
        self.commands = Commands(self, rows(self))
        self.run_bar = RunBar(session, self.commands.actions)
        self.banner = Banner()
        self.addToolBar(self.run_bar)
        self.addToolBarBreak()
        self.addToolBar(self.banner)
        self._add_menus()
        self._add_status_bar()
        self._connect()
        self._restore()
        self._retitle()

    def _add_panels(self) -> None:
        session = self.session
        outcomes = Outcomes(session)
        self.network = NetworkPanel(session)
        self.palette_panel = PalettePanel(session)
        self.layer = LayerPanel(session, self.network.stack)
        made: tuple[Panel, ...] = (
            DataPanel(session),
            self.palette_panel,
            self.network,
            self.layer,
            TrainingPanel(session),
            CurvesPanel(session, "loss", tr("Loss"), tr("What training makes small")),
            AccuracyPanel(session, "accuracy", tr("Accuracy"), tr("The share that is right")),
            PredictionsPanel(session, outcomes),
            ConfusionPanel(session, outcomes),
        )
        self.panels = {panel.objectName(): panel for panel in made}

    def _add_menus(self) -> None:
        panels = self.commands.menu("View/Panels")
        for panel in self.panels.values():
            panels.addAction(panel.toggleViewAction())
        recent = self.commands.menu("File/Open Recent")
        recent.aboutToShow.connect(self._fill_recent)
        data = self.panels["data"]
        assert isinstance(data, DataPanel)
        data.set_menu(self.commands.menu("Data/Choose"))
        data.download.clicked.connect(self.commands.actions["data.download"].trigger)

    def _add_status_bar(self) -> None:
        self._run_label = named(QLabel(), "status.run")
        self.statusBar().addPermanentWidget(self._run_label)

    def _connect(self) -> None:
        session = self.session
        self.palette_panel.wanted.connect(lambda layer: self.network.add((layer,)))
        self.network.layer_chosen.connect(self.layer.choose)
        self.network.layer_chosen.connect(lambda _: self.panels["layer"].raise_())
        session.said.connect(self.statusBar().showMessage)
        session.failed.connect(self.tell_failure)
        session.run_shown.connect(self._show_run)
        session.document.renamed.connect(self._retitle)
        for signal in (
            session.state_changed,
            session.weights_changed,
            session.run_shown,
            session.data_changed,
            session.document.renamed,
            session.document.undo_stack.indexChanged,
            self.network.view.selectionModel().selectionChanged,
        ):
            signal.connect(self._refresh_commands)

    def _refresh_commands(self) -> None:
        if not self._closed:  # views still signal while they are taken down
            self.commands.refresh()

    def _restore(self) -> None:
        settings = self.session.settings
        self.resize(FIRST_SIZE)
        if FIRST_SIZE.boundedTo(self.screen().availableSize()) != FIRST_SIZE:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        self.restoreGeometry(settings.bytes("geometry"))
        for panel in self.panels.values():  # restoreState only places docks that are ours
            panel.setParent(self)
        if not self.restoreState(settings.bytes("layout")):
            arrange(self, self.panels, "train")
        self.network.view.setFocus()

    def start(self) -> None:
        """To be called once the window shows: everything that takes time begins here."""
        self.session.warm()
        for name in ("loss", "accuracy"):  # not at the first event, when there is work to do
            panel = self.panels[name]
            assert isinstance(panel, CurvesPanel)
            panel.make_plot()
        self.network.select([0])
        lost = recovered_file()
        if lost.exists():
            self.banner.tell(
                tr("The last session was ended with unsaved changes."),
                tr("Open them"),
                lambda: self._recover(lost),
            )

    def _recover(self, path: Path) -> None:
        try:
            project = load_project(path)
        except UserError as error:
            self.tell_failure(error, False)
            return
        self.session.document.edit(tr("Recover"), project)
        path.unlink(missing_ok=True)

    # -- messages

    def tell_failure(self, error: Exception, resumable: bool) -> None:
        """Tell what went wrong: a user's mistake in the banner, a fault with its traceback."""
        if isinstance(error, UserError):
            label = tr("Resume") if resumable else ""
            act = self.session.resume_run if resumable else None
            self.banner.tell(sentence(error), label, act)
            return
        if isinstance(error, EngineFault):
            details = str(error)
        else:
            details = "".join(traceback.format_exception(error))
        log.error("unexpected: %s", details)
        dialogs.tell_crash(self, details.strip().splitlines()[-1], details)

    def _show_run(self) -> None:
        run = self.session.run
        seed = self.session.document.project.train.seed
        self._run_label.setText(
            tr("Run {name} · seed {seed} · logging for TensorBoard", name=run.name, seed=seed)
            if run
            else ""
        )
        self.banner.hide()

    def _retitle(self) -> None:
        document = self.session.document
        self.setWindowModified(document.modified)
        self.setWindowTitle(f"{document.title}[*] — Torch Workbench")

    # -- documents

    def if_saved(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` once there is nothing unsaved, or the user does not mind."""
        document = self.session.document
        if not document.modified:
            go_on()
            return
        dialogs.ask_to_save(self, document.title, lambda: self.save(go_on), go_on)

    def open_project(self, path: Path) -> None:
        """Open a project file; the present project stays if it can't be read."""
        try:
            self.session.document.open(path)
        except UserError as error:
            self.session.settings.forget_recent(path)
            self.tell_failure(error, False)
            return
        self.session.settings.add_recent(path)
        self._opened()

    def new_project(self, project: Project) -> None:
        """Begin a new project."""
        self.session.document.start(project)
        self._opened()

    def _opened(self) -> None:
        self.network.select([0] if self.network.stack.steps else [])
        self.session.show_run_of_project()

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """Save to the document's file, or ask for one."""
        path = self.session.document.path
        if path:
            self._save_to(path, then)
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask for a file and save to it."""
        suggested = f"{self.session.document.title}.workbench"
        dialogs.ask_new_file(
            self,
            "dialog.save_as",
            tr("Save project"),
            dialogs.PROJECTS,
            suggested,
            lambda path: self._save_to(dialogs.project_path(path), then),
        )

    def _save_to(self, path: Path, then: Callable[[], None]) -> None:
        try:
            self.session.document.save(path)
        except UserError as error:
            self.tell_failure(error, False)
            return
        self.session.settings.add_recent(path)
        self.session.said.emit(tr("Saved {path}.", path=path))
        then()

    def _fill_recent(self) -> None:
        menu = self.commands.menu("File/Open Recent")
        menu.clear()
        for path in self.session.settings.recent:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(
                lambda _=False, path=path: self.if_saved(lambda: self.open_project(path))
            )
        if menu.isEmpty():
            menu.addAction(tr("No project was saved yet")).setEnabled(False)

    def select_all(self) -> None:
        """Select all layers; in a text field, all of its text."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QLineEdit):
            focus.selectAll()
        else:
            self.network.view.selectAll()

    # -- the end

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing and self.session.document.modified:
            event.ignore()
            self.if_saved(self._close_now)
            return
        if self.session.busy:  # stop in good order, and close when the last job has ended
            event.ignore()
            self._close_now()
            return
        self._keep_layout()
        self._closed = True
        event.accept()

    def _close_now(self) -> None:
        self._closing = True
        if not self.session.busy:
            self.close()
            return
        self.setEnabled(False)
        self.session.said.emit(tr("Stopping; the last checkpoint is being kept…"))
        self.session.stop()
        self.session.stop_all()
        self.session.all_ended.connect(self.close)

    def _keep_layout(self) -> None:
        self.session.settings.keep("geometry", self.saveGeometry())
        self.session.settings.keep("layout", self.saveState())

    def end(self) -> None:
        """The system asks the program to end: keep what is unsaved, and close without asking."""
        document = self.session.document
        if document.modified:
            try:
                save_project(document.project, recovered_file())
            except UserError as error:
                log.error("%s", error)
        QTimer.singleShot(0, self._close_now)
