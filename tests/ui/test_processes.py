"""The program as a process of its own: what it imports, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from workbench.core.project import load_project
from workbench.core.template import Template

TRAINS_TO_ITS_END_AND_AGAIN = """
import sys
from PySide6.QtCore import QTimer
from workbench import app
from workbench.core.events import CheckpointSaved
from workbench.core.template import Template

def make_window(*arguments):
    project = Template.shelf["softmax_regression"].project()
    window = make(project.replace(train=project.train.replace(epochs=2)))
    window.completed.connect(lambda: begin(window))
    return window

def begin(window):
    shown = window.panels["predictions"].table

    def drawn():
        if window.session.state == "idle" and shown.isVisible() and not window.session.busy:
            window.session.drawing.drawn.disconnect(drawn)
            print(window.panels["loss"].val.length, shown.model().rowCount())
            print(*sorted({name.partition(".")[0] for name in sys.modules}), flush=True)
            go_on(window)

    window.session.drawing.drawn.connect(drawn)
    window.session.all_ended.connect(window.session.request_draw)
    QTimer.singleShot(0, window.run_bar.main.click)

def go_on(window):
    def tell(events):
        if any(isinstance(event, CheckpointSaved) for event in events):
            print("training", flush=True)

    project = window.session.document.project
    window.session.document.start(project.replace(train=project.train.replace(epochs=1_000_000)))
    window.session.reported.connect(tell)
    for name in ("run.train", "edit.select_all", "edit.duplicate"):
        QTimer.singleShot(0, window.commands.actions[name].trigger)

make, app.make_window = app.make_window, make_window
sys.exit(app.open_window([]))
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "WORKBENCH_HOME": str(home), **more}


def test_the_program_starts_and_ends(home: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.workbench"
    broken.write_text("{")
    done = subprocess.run(
        [sys.executable, "-m", "workbench", str(broken)],
        env=environment(home, WORKBENCH_QUIT_AT_ONCE="1"),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (home / "settings.ini").exists()


def test_a_window_trains_without_torch_and_sigterm_keeps_checkpoint_and_unsaved_changes(
    home: Path,
) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", TRAINS_TO_ITS_END_AND_AGAIN],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        drawn, modules, again = (program.stdout.readline() for _ in range(3))
        program.send_signal(signal.SIGTERM)
        _, told = program.communicate(timeout=60)
    finally:
        program.kill()
    assert drawn == "2 15\n", told
    assert {"PySide6", "pyqtgraph", "numpy"} <= set(modules.split())
    banned = {"torch", "torchvision", "sklearn", "scipy", "matplotlib", "tensorboard"}
    assert banned & set(modules.split()) == set()
    assert (again, program.returncode) == ("training\n", 0), told
    assert "Traceback" not in told
    keeps_checkpoint_and_unsaved_changes(home)


def keeps_checkpoint_and_unsaved_changes(home: Path) -> None:
    (kept,) = home.glob("recovered*.workbench")
    project = Template.shelf["softmax_regression"].project()
    layers = [layer.kind for layer in load_project(kept).model.layers]
    assert layers == 2 * [layer.kind for layer in project.model.layers]
    first, run = sorted((home / "runs").iterdir())
    assert reason_of(first) == "completed"
    assert (run / "checkpoints" / "last.pt").exists()
    assert reason_of(run) == "stopped"


def reason_of(run: Path) -> str:
    last = json.loads((run / "events.jsonl").read_text().splitlines()[-1])
    assert last["event"] == "RunCompleted"
    return str(last["reason"])
