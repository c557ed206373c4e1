"""lr and epochs edited while training: the run at work takes them up, and undo takes them back."""

from dataclasses import astuple

from gestures import PATIENCE, OpenWindow, choose, click_named, drawn, keys, type_over, widget
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from workbench.core.events import Event, RecipeChanged, RunCompleted, RunStarted, StepCompleted
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow


def endless() -> Project:
    project = Template.shelf["mlp"].project()
    return project.replace(train=project.train.replace(epochs=100_000, lr=0.001))


def written(qtbot: QtBot, window: MainWindow, field: str, text: str) -> None:
    line = widget(window, f"training.form.{field}")
    assert isinstance(line, QLineEdit)
    type_over(qtbot, line, text)
    keys(qtbot, line, "Return")


class Heard:
    """What the window is told of a run."""

    def __init__(self, window: MainWindow) -> None:
        self.events: list[Event] = []
        window.session.reported.connect(self.events.extend)

    def changes(self) -> list[tuple[float, int]]:
        """lr and epochs of each change."""
        told = (each for each in self.events if isinstance(each, RecipeChanged))
        return [astuple(each)[1:] for each in told]

    def lr(self) -> float:
        """That of the last step."""
        return next((e.lr for e in reversed(self.events) if isinstance(e, StepCompleted)), 0.0)


def test_lr_is_edited_while_training_and_undone(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(endless())
    window.start()
    heard = Heard(window)
    live = widget(window, "training.live")
    assert live.isHidden()
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: heard.lr() == 0.001, timeout=PATIENCE)
    assert not live.isHidden()
    assert isinstance(live, QLabel)
    written(qtbot, window, "lr", "0.01")
    qtbot.waitUntil(lambda: heard.lr() == 0.01, timeout=PATIENCE)
    drawn(qtbot, window)
    assert "for the next run" not in window.run_bar.status.text()
    choose(qtbot, window, "edit.undo")
    qtbot.waitUntil(lambda: heard.lr() == 0.001, timeout=PATIENCE)
    assert heard.changes() == [(0.01, 100_000), (0.001, 100_000)]
    assert window.session.run
    kept = [event for event in window.session.run.events() if isinstance(event, RecipeChanged)]
    assert [each.lr for each in kept] == [0.01, 0.001]

    written(qtbot, window, "seed", "5")  # of no use to a run that has begun
    written(qtbot, window, "lr", "0.5")
    drawn(qtbot, window)
    assert "your edits since are for the next run" in window.run_bar.status.text()
    click_named(qtbot, window, "run_bar.stop")
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=PATIENCE)
    assert len(heard.changes()) == 2
    assert live.isHidden()


def test_a_run_is_shortened_while_it_is_paused_and_ends_by_itself(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(endless())
    window.start()
    heard = Heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: heard.lr() > 0, timeout=PATIENCE)
    click_named(qtbot, window, "run_bar.train")
    assert window.session.state == "paused"
    written(qtbot, window, "epochs", "3")
    assert not any(isinstance(event, RunCompleted) for event in heard.events)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=PATIENCE)
    drawn(qtbot, window)
    [(_, epochs)] = heard.changes()
    ended = heard.events[-1]
    assert isinstance(ended, RunCompleted)
    assert (ended.reason, ended.epoch) == ("completed", epochs)
    assert epochs >= 3
    assert window.run_bar.progress.value() == 1000
    started = next(event for event in heard.events if isinstance(event, RunStarted))
    assert ended.step == epochs * started.steps_per_epoch


def test_a_run_goes_on_with_what_was_changed_last_and_one_edit_brings_nothing_else_back(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    first = open_window(endless())
    first.start()
    heard = Heard(first)
    click_named(qtbot, first, "run_bar.train")
    qtbot.waitUntil(lambda: heard.lr() > 0, timeout=PATIENCE)
    written(qtbot, first, "lr", "0.01")
    qtbot.waitUntil(lambda: heard.lr() == 0.01, timeout=PATIENCE)
    click_named(qtbot, first, "run_bar.stop")
    qtbot.waitUntil(lambda: not first.session.busy, timeout=PATIENCE)

    second = open_window(endless())  # the project as it was when the run began
    second.start()
    qtbot.waitUntil(lambda: not second.session.busy, timeout=PATIENCE)
    assert second.session.run == first.session.run
    heard = Heard(second)
    choose(qtbot, second, "run.resume_run")
    lr = widget(second, "training.form.lr")
    assert isinstance(lr, QLineEdit)
    assert lr.text() == "0.01"
    qtbot.waitUntil(lambda: heard.lr() > 0, timeout=PATIENCE)
    written(qtbot, second, "epochs", "90000")
    qtbot.waitUntil(lambda: bool(heard.changes()), timeout=PATIENCE)
    assert heard.changes() == [(0.01, 90_000)]
    drawn(qtbot, second)
    assert "for the next run" not in second.run_bar.status.text()
    click_named(qtbot, second, "run_bar.stop")
    qtbot.waitUntil(lambda: second.session.state == "idle", timeout=PATIENCE)
