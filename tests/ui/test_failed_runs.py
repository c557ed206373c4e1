"""A run that failed: the way back, lower each time, live and once it is opened again."""

from pathlib import Path

from gestures import PATIENCE, OpenWindow, click, click_named, drawn, type_over, widget
from pytestqt.qtbot import QtBot
from test_train_in_window import heard, idle, of

from workbench.core.events import (
    CheckpointSaved,
    RecipeChanged,
    RunCompleted,
    StepCompleted,
    WriteFailed,
)
from workbench.core.project import Project
from workbench.core.runs import Run
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow


def on_a_line(**recipe: object) -> Project:
    project = Template.shelf["linear_regression"].project()
    return project.replace(train=project.train.replace(**recipe))


def astray(window: MainWindow, qtbot: QtBot) -> Run:
    """A run that has kept a checkpoint, before its lr led it astray."""
    events = heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: bool(of(CheckpointSaved, events)), timeout=PATIENCE)
    type_over(qtbot, widget(window, "training.form.lr"), "900")
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    run = window.session.run
    assert run
    return run


def test_each_failure_offers_a_lower_lr_also_once_the_run_is_opened_again(
    open_window: OpenWindow, qtbot: QtBot, past_run: Run
) -> None:
    window = open_window(on_a_line(lr=0.01, epochs=100_000))
    run = astray(window, qtbot)
    assert window.banner.button.text() == "Go back, with lr 90"
    click(qtbot, window.banner.button)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert window.banner.button.text() == "Go back, with lr 9"
    told = window.banner.text.text()
    *_, last = run.events()
    assert isinstance(last, RunCompleted)
    assert (last.reason, last.fault, last.kind) == ("failed", told, "Diverged")

    window.session.open_run(past_run)
    assert not window.banner.isVisible(), "the button would go on with the run in view"
    window.session.open_run(run)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert window.banner.text.text() == told
    assert window.banner.button.text() == "Go back, with lr 9"
    events = heard(window)
    click(qtbot, window.banner.button)
    qtbot.waitUntil(lambda: bool(of(RecipeChanged, events)), timeout=PATIENCE)
    (changed,) = of(RecipeChanged, events)
    assert changed.lr == 9
    assert window.session.run == run


def test_a_failed_run_of_another_project_is_told_without_training_the_open_one(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(on_a_line(lr=1000.0))
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    run = window.session.run
    assert run
    assert not run.last.exists()
    assert window.banner.button.text() == "Train again, with lr 100"
    type_over(qtbot, widget(window, "training.form.lr"), "0.01")
    assert not window.banner.isVisible()
    window.session.open_run(run)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)
    assert window.banner.text.text().startswith("The loss stopped being a finite number")
    assert not window.banner.button.isVisible()


def test_old_warnings_are_no_alarms(open_window: OpenWindow, qtbot: QtBot, past_run: Run) -> None:
    append_event(past_run.events_file)
    window = open_window()
    failed: list[object] = []
    window.session.failed.connect(failed.append)
    events = heard(window)
    window.session.open_run(past_run)
    qtbot.waitUntil(lambda: bool(of(WriteFailed, events)) and idle(window), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)
    assert of(StepCompleted, events)
    assert not failed
    assert not window.banner.isVisible()


def append_event(path: Path) -> None:
    with path.open("a", encoding="utf-8") as lines:
        lines.write(WriteFailed(reason="The disk was full, a year ago.").to_json() + "\n")
