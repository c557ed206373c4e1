"""The main window: it puts the panels together and answers for closing in good order."""

import logging
import traceback

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QIcon
from PySide6.QtWidgets import QLabel, QMainWindow, QTabWidget

from workbench.core.errors import UserError
from workbench.core.places import resource
from workbench.engine.remote import EngineFault, EngineLost
from workbench.ui import dialogs
from workbench.ui.actions import Commands
from workbench.ui.banner import Banner
from workbench.ui.commands import rows
from workbench.ui.form import SpecForm, commit_typing
from workbench.ui.layouts import arrange
from workbench.ui.models import Models
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
from workbench.ui.project_files import ProjectFiles
from workbench.ui.run_bar import RunBar
from workbench.ui.session import Session
from workbench.ui.text import sentence, tr

FIRST_SIZE = QSize(1560, 960)

log = logging.getLogger(__name__)


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
        self.files, self.models = ProjectFiles(self), Models(session)
        self._add_panels()
        self.commands = Commands(self, rows(self))
        self.run_bar = RunBar(session, self.commands.actions)
        self.addToolBar(self.run_bar)
        self.banner = Banner(self, self.run_bar)
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
            AccuracyPanel(
                session,
                "accuracy",
                tr("Accuracy"),
                tr("The share that is right, or how far off a regression is"),
            ),
            PredictionsPanel(session, outcomes),
            ConfusionPanel(session, outcomes),
        )
        self.panels = {panel.objectName(): panel for panel in made}

    def _add_menus(self) -> None:
        panels = self.commands.menu("View/Panels")
        for panel in self.panels.values():
            panels.addAction(panel.toggleViewAction())
        recent = self.commands.menu("File/Open Recent")
        recent.aboutToShow.connect(lambda: self.files.fill_recent(recent))
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
        session.document.changed.connect(self.banner.settle)  # what it told of may be mended
        session.train_wanted.connect(self.commands.actions["run.train"].trigger)
        session.failed.connect(self.statusBar().clearMessage)
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
        self.network.select([(0,)])
        self.files.offer_unsaved()

    def train(self) -> None:
        """Train, unless a form shows a value that is not in force."""
        for form in self.findChildren(SpecForm):
            fault = form.fault() if not form.isHidden() else ""
            if fault:
                self.tell_failure(UserError("{fault} Mend it, then train.", fault=fault), False)
                return
        self.banner.settle()
        self.session.train()

    # -- messages

    def tell_failure(self, error: Exception, resumable: bool) -> None:
        """Tell what went wrong: a user's mistake in the banner, a fault with its traceback."""
        if isinstance(error, UserError):
            if isinstance(error, EngineLost) and self.session.run:
                label = tr("Resume") if resumable else tr("Train again")
                act = self.session.resume_run if resumable else self.session.train_wanted.emit
                self.banner.tell(sentence(error), label, act)
            else:
                self.banner.tell(sentence(error))
            return
        if isinstance(error, EngineFault):
            details = str(error)
        else:
            details = "".join(traceback.format_exception(error))
        log.error("unexpected: %s", details)
        dialogs.tell_crash(self, details.strip().splitlines()[-1], details)

    def _show_run(self) -> None:
        run = self.session.run
        project = self.session.run_project
        self._run_label.setText(
            tr(
                "Run {name} · seed {seed} · logging for TensorBoard",
                name=run.name,
                seed=project.train.seed,
            )
            if run and project and run.project_file.exists()
            else ""
        )

    def _retitle(self) -> None:
        document = self.session.document
        self.setWindowModified(document.modified)
        self.setWindowTitle(f"{document.title}[*] — Torch Workbench")

    # -- the end

    def closeEvent(self, event: QCloseEvent) -> None:
        commit_typing()
        if not self._closing and self.session.document.modified:
            event.ignore()
            self.files.if_saved(self._close_now)
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
        self.files.keep_unsaved()
        QTimer.singleShot(0, self._close_now)
