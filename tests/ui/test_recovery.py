"""A window that is killed while it trains, and what the next one offers: the program as processes
of its own, and the banner under hands."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gestures import PATIENCE, OpenWindow, click_named, widget
from one_thread import one_thread
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from test_processes import environment

from workbench.core.errors import UserError
from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    RecipeChanged,
    RunCompleted,
    StepCompleted,
)
from workbench.core.project import Project, load_project, save_project
from workbench.core.run_list import listed
from workbench.core.runs import Run
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.engine.sinks import train
from workbench.ui.autosave import recovered_files
from workbench.ui.main_window import MainWindow

__all__ = ["one_thread"]  # as in the windows, since sums on two differ

# Trains at once, or accepts the offer; says what it trains, and closes once the run is over.
WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from workbench import app
from workbench.core.events import EpochCompleted, RunCompleted
from workbench.core.project import load_project

class Hand(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and watched.button.text() == "Resume":
            QTimer.singleShot(0, watched, lambda: press(watched))
        return False

def press(banner):
    print("offered:", banner.text.text(), flush=True)
    QTest.mouseClick(banner.button, Qt.MouseButton.LeftButton)

def make_window(*arguments):
    window = make(load_project(Path(sys.argv[2])))
    def tell(events):
        for event in events:
            if isinstance(event, EpochCompleted) and window.session.state == "running":
                print("epoch", event.epoch, flush=True)
            if isinstance(event, RunCompleted) and event.reason == "completed":
                QTimer.singleShot(0, window, window.end)
    window.session.reported.connect(tell)
    window.hand = Hand()
    window.completed.connect(lambda: window.banner.installEventFilter(window.hand))
    if sys.argv[1] == "train":
        window.completed.connect(
            lambda: QTimer.singleShot(0, window.commands.actions["run.train"].trigger)
        )
    return window

make, app.make_window = app.make_window, make_window
sys.exit(app.open_window([]))
"""


def window(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WINDOW, *arguments],
        env=environment(home, OMP_NUM_THREADS="1"),
        stdout=subprocess.PIPE,
        text=True,
    )


def read_to(program: "subprocess.Popen[str]", beginning: str) -> str:
    assert program.stdout
    for line in program.stdout:
        if line.startswith(beginning):
            return line
    raise AssertionError(f"the window never said {beginning!r}")


def small_project() -> Project:
    project = Template.shelf["mlp"].project()
    return project.replace(train=project.train.replace(epochs=20, batch_size=32))


@pytest.mark.timeout(300)  # two windows, each with an engine that imports torch
def test_a_run_whose_window_was_killed_is_offered_and_ends_as_if_nothing_had_been(
    home: Path, tmp_path: Path
) -> None:
    project = small_project()
    file = tmp_path / "digits.workbench"
    save_project(project, file)

    with window(home, "train", str(file)) as program:
        read_to(program, "epoch 1")
        program.kill()
    with window(home, "accept", str(file)) as program:
        assert "was interrupted in epoch" in read_to(program, "offered:")
        assert program.wait(2 * PATIENCE / 1000) == 0

    (folder,) = (home / "runs").iterdir()
    assert listed(Run(folder)).status == "completed"
    straight = tmp_path / "straight"
    straight.mkdir()
    save_project(project, straight / "project.json")
    told = list(train(project, straight))
    ours, expected = (
        torch.load(run.last, weights_only=True) for run in (Run(folder), Run(straight))
    )
    assert ours["step"] == expected["step"]
    for name, weights in expected["model"].items():
        assert torch.equal(ours["model"][name], weights), name
    last = [event for event in Run(folder).events() if isinstance(event, StepCompleted)][-1]
    assert last.metrics == [e for e in told if isinstance(e, StepCompleted)][-1].metrics


@pytest.fixture(scope="module")
def cut(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that ended without a last word, behind a checkpoint."""
    project = small_project()
    folder = tmp_path_factory.mktemp("runs") / "0001-Digits"
    folder.mkdir()
    run = Run(folder)
    save_project(project, run.project_file)
    stream = engines.remote("sinks.train", project, folder)
    for events in stream:
        if any(isinstance(event, CheckpointSaved) for event in events):
            stream.stop()
    *lines, last = run.events_file.read_text().splitlines(keepends=True)
    assert RunCompleted.__name__ in last
    run.events_file.write_text("".join(lines))
    return run


@pytest.fixture
def left(cut: Run, home: Path) -> Run:
    folder = home / "runs" / cut.name
    shutil.copytree(cut.folder, folder)
    assert listed(Run(folder)).status == "interrupted"
    return Run(folder)


def offered(qtbot: QtBot, window: MainWindow) -> str:
    window.start()
    text = widget(window, "banner.text")
    assert isinstance(text, QLabel)
    qtbot.waitUntil(text.isVisible, timeout=PATIENCE)
    return text.text()


def ground(window: MainWindow) -> str:
    """The colour that the banner has between its sentence and its buttons."""
    frame = widget(window, "banner_frame")
    return frame.grab().toImage().pixelColor(5, frame.height() // 2).name()


def test_resume_brings_back_the_project_of_the_run_and_goes_on_with_it(
    qtbot: QtBot, open_window: OpenWindow, left: Run
) -> None:
    window = open_window()
    told: list[object] = []
    window.session.reported.connect(told.extend)
    assert offered(qtbot, window).startswith(f"{left.name} was interrupted in epoch ")
    before = max(event.step for event in left.events() if isinstance(event, EpochCompleted))
    click_named(qtbot, window, "banner.button")
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=PATIENCE)
    assert window.session.document.project == small_project()
    assert window.session.run == left
    qtbot.waitUntil(
        lambda: any(isinstance(e, EpochCompleted) and e.step > before for e in told),
        timeout=PATIENCE,
    )
    assert not widget(window, "banner").isVisible()


def test_a_change_behind_the_last_checkpoint_is_shown_and_taken_up_again(
    qtbot: QtBot, open_window: OpenWindow, left: Run
) -> None:
    behind = torch.load(left.last, weights_only=True)["step"] + 1
    with left.events_file.open("a") as log:
        log.write(RecipeChanged(step=behind, lr=0.004, epochs=21).to_json() + "\n")
    window = open_window()
    offered(qtbot, window)
    click_named(qtbot, window, "banner.button")
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=PATIENCE)
    train = window.session.document.project.train
    assert (train.lr, train.epochs) == (0.004, 21)
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=PATIENCE)
    changes = [event for event in left.events() if isinstance(event, RecipeChanged)]
    assert changes[1:] == [RecipeChanged(step=behind - 1, lr=0.004, epochs=21)]


def test_a_run_that_is_dismissed_is_not_offered_again(
    qtbot: QtBot, open_window: OpenWindow, left: Run
) -> None:
    first = open_window()
    offered(qtbot, first)
    click_named(qtbot, first, "banner.dismiss")
    assert not widget(first, "banner").isVisible()
    second = open_window()
    second.start()
    qtbot.waitUntil(lambda: not second.session.busy, timeout=PATIENCE)
    assert not widget(second, "banner").isVisible()
    assert listed(left).resumable, "the Runs panel has it still"


def test_closing_the_offer_leaves_it_for_the_next_start(
    qtbot: QtBot, open_window: OpenWindow, left: Run
) -> None:
    first = open_window()
    text = offered(qtbot, first)
    click_named(qtbot, first, "banner.close")
    assert offered(qtbot, open_window()) == text


def test_unsaved_changes_are_offered_first(
    qtbot: QtBot, open_window: OpenWindow, left: Run, home: Path
) -> None:
    save_project(small_project(), home / "recovered-1.workbench")
    window = open_window()
    assert "unsaved changes" in offered(qtbot, window)
    assert ground(window) == window.session.theme.colors.offer
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    click_named(qtbot, window, "banner.close")
    text = widget(window, "banner.text")
    assert isinstance(text, QLabel)
    assert text.isVisible()
    assert text.text().startswith(left.name)
    assert ground(window) == window.session.theme.colors.offer
    window.session.failed.emit(UserError("The disk is full."), False)
    assert ground(window) == window.session.theme.colors.fault  # red is for what went wrong


AUTOSAVES = """
import sys
from PySide6.QtCore import QTimer
from workbench import app
from workbench.ui import autosave

autosave.EVERY = 50  # a minute otherwise
def make_window(*arguments):
    window = make()
    def edit():
        document = window.session.document
        document.edit("Note", document.project.replace(notes="not in any file"))
        look()
    def look():
        if window.autosave and window.autosave.path.exists():
            print("kept", flush=True)
        else:
            QTimer.singleShot(20, window, look)
    window.completed.connect(lambda: QTimer.singleShot(0, window, edit))
    return window

make, app.make_window = app.make_window, make_window
sys.exit(app.open_window([]))
"""


def test_changes_are_kept_while_the_window_is_open_and_offered_once_it_has_crashed(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", AUTOSAVES],
        env=environment(home, OMP_NUM_THREADS="1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        read_to(program, "kept")
        assert recovered_files() == [], "the window that keeps it is open"
        program.kill()
    (kept,) = recovered_files()
    window = open_window()
    assert "unsaved changes" in offered(qtbot, window)
    click_named(qtbot, window, "banner.button")
    assert window.session.document.project.notes == "not in any file"
    assert window.session.document.modified
    assert kept.exists(), "it is in no file yet"
    window.files._save_to(home / "mine.workbench", lambda: None)
    assert recovered_files() == []
    assert not kept.parent.exists()


def test_what_is_saved_or_given_up_is_not_kept(
    qtbot: QtBot, open_window: OpenWindow, home: Path
) -> None:
    window = open_window()
    window.start()
    document, autosave = window.session.document, window.autosave
    assert autosave

    def changed(notes: str) -> None:
        document.edit("Note", document.project.replace(notes=notes))
        autosave.keep()
        qtbot.waitUntil(autosave.path.exists, timeout=PATIENCE)

    changed("one")
    assert load_project(autosave.path).notes == "one"
    window.files._save_to(home / "mine.workbench", lambda: None)
    assert not autosave.path.exists()
    changed("two")
    window.files.start(small_project())
    assert not autosave.path.exists()
    autosave.keep()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert not autosave.path.exists(), "nothing has changed"
    changed("three")
    window.end()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)
    (kept,) = recovered_files()
    assert kept.parent == home, "what the end of the program keeps, once"
    assert load_project(kept).notes == "three"
    assert not autosave.path.parent.exists()
