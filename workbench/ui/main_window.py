"""The main window: it puts the panels together and answers for closing in good order.

It starts in two parts. What the first paint shows is made at once: the network with its cards, the
toolbar, the titles of menus and the frames of all panels. `complete` imports and makes the rest,
which has nothing to show before data are loaded; it follows upon the first paint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QPaintEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QTabWidget

from workbench.core.errors import UserError
from workbench.core.places import resource
from workbench.ui.actions import Commands
from workbench.ui.dock import made_docks
from workbench.ui.layouts import arrange, version
from workbench.ui.line import commit_typing
from workbench.ui.naming import named
from workbench.ui.panels.network import NetworkPanel
from workbench.ui.run_bar import RunBar
from workbench.ui.session import Session
from workbench.ui.text import tr

if TYPE_CHECKING:
    from workbench.ui.autosave import Autosave
    from workbench.ui.banner import Banner
    from workbench.ui.data.opening import Opening
    from workbench.ui.loading import Loading
    from workbench.ui.models import Models
    from workbench.ui.panel import Panel
    from workbench.ui.panels.layer import LayerPanel
    from workbench.ui.panels.palette import PalettePanel
    from workbench.ui.panels.runs import RunsPanel
    from workbench.ui.project_files import ProjectFiles

FIRST_SIZE = QSize(1560, 960)


class MainWindow(QMainWindow):
    """One window on one session."""

    painted = Signal()
    """The window has been painted for the first time."""
    completed = Signal()
    """Every panel is there."""

    autosave: Autosave | None = None
    files: ProjectFiles
    models: Models
    loading: Loading
    banner: Banner
    opening: Opening
    palette_panel: PalettePanel
    runs: RunsPanel
    layer: LayerPanel

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.session = session
        session.setParent(self)
        self._closing = self._closed = self._painted = self._complete = False
        self.setWindowIcon(QIcon(str(resource("icons", "workbench.svg"))))
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.docks = made_docks()
        self.panels: dict[str, Panel] = {}
        self.network = NetworkPanel(session, self.docks["network"])
        self._put("network", self.network)
        self.commands = Commands(self)
        self.run_bar = RunBar(session)
        self.addToolBar(self.run_bar)
        self._add_status_bar()
        self._restore()
        session.document.renamed.connect(self._retitle)
        self._retitle()

    def _put(self, name: str, panel: Panel) -> None:
        old = self.docks[name].widget()
        self.docks[name].setWidget(panel)
        old.deleteLater()
        self.panels[name] = panel

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)  # once the panels are painted too

    def complete(self) -> None:
        """Make what the first paint can do without: the other panels, the commands, the banner."""
        if self._complete:
            return
        self._complete = True
        self._fill_docks()
        self._add_commands()
        self._connect()
        self._refresh_commands()
        self.network.stack.checks.start()
        self.session.drawing.now()  # at once, since the clock would leave the panels empty
        self.completed.emit()

    def _fill_docks(self) -> None:
        from workbench.ui.learned import learned_panels
        from workbench.ui.panels.accuracy import AccuracyPanel
        from workbench.ui.panels.curves import CurvesPanel
        from workbench.ui.panels.data import DataPanel
        from workbench.ui.panels.layer import LayerPanel
        from workbench.ui.panels.palette import PalettePanel
        from workbench.ui.panels.runs import RunsPanel
        from workbench.ui.panels.training import TrainingPanel

        session, docks = self.session, self.docks
        self.palette_panel = PalettePanel(session, docks["palette"])
        self.layer = LayerPanel(session, docks["layer"], self.network.stack)
        self._put("palette", self.palette_panel)
        self._put("layer", self.layer)
        self._put("data", DataPanel(session, docks["data"]))
        self._put("training", TrainingPanel(session, docks["training"]))
        self._put("loss", CurvesPanel(session, docks["loss"]))
        self._put("accuracy", AccuracyPanel(session, docks["accuracy"]))
        for name, panel in learned_panels(session, docks):
            self._put(name, panel)
        self.runs = RunsPanel(session, docks["runs"])
        self._put("runs", self.runs)

    def _add_commands(self) -> None:
        from workbench.ui.banner import Banner
        from workbench.ui.commands import rows
        from workbench.ui.data.opening import Opening
        from workbench.ui.loading import Loading
        from workbench.ui.models import Models
        from workbench.ui.panels.data import DataPanel
        from workbench.ui.project_files import ProjectFiles

        self.files, self.models = ProjectFiles(self), Models(self.session, self)
        self.loading = Loading(self)
        self.banner, self.opening = Banner(self), Opening(self)
        self.commands.add(rows(self))
        self.run_bar.take_commands(self.commands.actions)
        panels = self.commands.menu("View/Panels")
        for dock in self.docks.values():
            panels.addAction(dock.toggleViewAction())
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
        self.palette_panel.wanted.connect(lambda layer: self.network.edits.add((layer,)))
        self.network.layer_chosen.connect(self.layer.choose)
        self.network.layer_chosen.connect(lambda _: self.docks["layer"].raise_())
        session.said.connect(self.statusBar().showMessage)
        session.failed.connect(self.tell_failure)
        session.run_shown.connect(self._show_run)
        session.run_shown.connect(self.banner.withdraw)
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
            self.runs.chosen_changed,
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
        for dock in self.docks.values():  # restoreState only places docks that are ours
            dock.setParent(self)
        if not self.restoreState(settings.bytes("layout"), version(self.docks)):
            arrange(self, self.docks, "train")
        self.network.view.setFocus()

    def start(self) -> None:
        """To be called once the window shows: everything that takes time begins here."""
        from workbench.ui.autosave import Autosave
        from workbench.ui.panels.curves import CurvesPanel
        from workbench.ui.recovery import Recovery

        self.complete()
        if self.network.stack.steps:
            self.network.view.select([(0,)])
        for name in ("loss", "accuracy"):  # not at the first event, when there is work to do
            panel = self.panels[name]
            assert isinstance(panel, CurvesPanel)
            panel.make_plot()
        self.session.warm()
        Recovery(self).offer()
        self.autosave = Autosave(self.session)

    def train(self) -> None:
        """Train, unless a form shows a value that is not in force."""
        from workbench.ui.form import SpecForm

        for form in self.findChildren(SpecForm):
            fault = form.fault() if not form.isHidden() else ""
            if fault:
                self.tell_failure(UserError("{fault} Mend it, then train.", fault=fault), False)
                return
        self.banner.hide()  # what was offered before is answered by this
        self.session.training.begin()

    # -- messages

    def tell_failure(self, error: Exception, resumable: bool) -> None:
        """Tell what went wrong: a user's mistake in the banner, a fault with its traceback."""
        from workbench.ui.failures import tell_failure

        tell_failure(self, error, resumable)

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
            self.files.if_saved(self._close_unsaved)
            return
        if self.session.busy:  # stop in good order, and close when the last job has ended
            event.ignore()
            self._close_now()
            return
        self._keep_layout()
        if self.autosave:
            self.autosave.end()
        self._closed = True
        event.accept()

    def _close_unsaved(self) -> None:
        if self.autosave:
            self.autosave.forget()
        self._close_now()

    def _close_now(self) -> None:
        self._closing = True
        if not self.session.busy:
            self.close()
            return
        self.setEnabled(False)
        self.session.said.emit(tr("Stopping; the last checkpoint is being kept…"))
        self.session.training.stop()
        self.session.stop_all()
        self.session.all_ended.connect(self.close)

    def _keep_layout(self) -> None:
        self.session.settings.keep("geometry", self.saveGeometry())
        self.session.settings.keep("layout", self.saveState(version(self.docks)))

    def end(self) -> None:
        """The system asks the program to end: keep what is unsaved, and close without asking."""
        self.files.keep_unsaved()
        QTimer.singleShot(0, self._close_now)
