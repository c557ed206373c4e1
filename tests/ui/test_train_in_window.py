"""Training for real, from the click on Train to the curves: pause, stop, resume, a lost engine."""

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from gestures import (
    PATIENCE,
    OpenWindow,
    choose,
    click,
    click_named,
    drawn,
    keys,
    pick,
    type_over,
    widget,
)
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from workbench.core.events import (
    CheckpointSaved,
    EpochCompleted,
    Event,
    RecipeChanged,
    RunCompleted,
    RunStarted,
    StepCompleted,
)
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow
from workbench.ui.panels.accuracy import AccuracyPanel
from workbench.ui.panels.curves import STEP, CurvesPanel


def on_digits(template: str, **recipe: object) -> Project:
    project = Template.shelf[template].project(Template.shelf["mlp"].project().data)
    return project.replace(train=project.train.replace(**recipe))


def heard(window: MainWindow) -> list[Event]:
    """All events that the window is told from now on."""
    told: list[Event] = []
    window.session.reported.connect(told.extend)
    return told


def of(kind: type[Event], events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def curves(window: MainWindow, name: str) -> CurvesPanel:
    panel = window.panels[name]
    assert isinstance(panel, CurvesPanel)
    return panel


def idle(window: MainWindow) -> bool:
    return window.session.state == "idle"


def last_checkpoint(window: MainWindow) -> dict[str, object]:
    assert window.session.run
    return torch.load(window.session.run.last, weights_only=True)


def test_a_click_on_train_trains(open_window: OpenWindow, qtbot: QtBot, home: Path) -> None:
    window = open_window(on_digits("small_cnn", epochs=4, batch_size=32, lr=0.005))
    window.start()
    events, bar = heard(window), window.run_bar
    statuses: list[str] = []
    window.session.drawing.drawn.connect(lambda: statuses.append(bar.status.text()))
    with qtbot.waitSignal(window.session.state_changed):
        click_named(qtbot, window, "run_bar.train")
    assert window.session.state == "running"
    assert bar.main.accessibleName() == "Pause"
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    drawn(qtbot, window)

    steps, epochs = of(StepCompleted, events), of(EpochCompleted, events)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunCompleted)
    assert events[-1].reason == "completed"
    assert [step.step for step in steps] == list(range(1, 4 * events[0].steps_per_epoch + 1))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert epochs[-1].val["accuracy"] >= 0.9
    assert events[-1].test["accuracy"] >= 0.9

    for name, scale in (("loss", 1), ("accuracy", 100)):
        panel = curves(window, name)
        x, y = panel.plot.raw.getOriginalDataset()
        np.testing.assert_array_equal(x, [step.step for step in steps])
        np.testing.assert_allclose(y, [scale * step.metrics[name] for step in steps])
        x, y = panel.plot.points.getOriginalDataset()
        np.testing.assert_array_equal(x, [epoch.step for epoch in epochs])
        np.testing.assert_allclose(y, [scale * epoch.val[name] for epoch in epochs])
        best = min(epochs, key=lambda epoch: epoch.val["loss"])
        assert panel.plot.mark.value() == best.step
        assert panel.plot.isVisible()

    assert any(re.search(r"epoch \d / 4 · [\d,]+ images/s · \S+( s)? left", s) for s in statuses)
    assert re.fullmatch(r"epoch 4 / 4 · [\d,]+ images/s", bar.status.text())
    assert bar.progress.value() == bar.progress.maximum()
    assert bar.main.accessibleName() == "Train"
    assert "test accuracy" in window.statusBar().currentMessage()
    assert window.session.run.folder.parent == home / "runs"
    assert window.session.run.project() == window.session.document.project


def test_the_axis_can_be_epochs_or_seconds_and_the_scale_logarithmic(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(on_digits("mlp", epochs=2))
    events, panel = heard(window), curves(window, "loss")
    keys(qtbot, window, "F5")
    qtbot.waitUntil(lambda: len(events) > 0 and idle(window), timeout=PATIENCE)
    steps = of(StepCompleted, events)
    button = panel.dock.findChild(QToolButton, "loss.options")
    for text, expected in (
        ("By epoch", [step.step / events[0].steps_per_epoch for step in steps]),
        ("By seconds", [step.seconds for step in steps]),
        ("By step", [step.step for step in steps]),
    ):
        pick(qtbot, button.menu(), text)
        drawn(qtbot, window)
        np.testing.assert_allclose(panel.plot.raw.getOriginalDataset()[0], expected)
    pick(qtbot, button.menu(), "Log scale")
    drawn(qtbot, window)
    losses = [step.metrics["loss"] for step in steps]
    shown = panel.plot.raw.getData()[1]
    assert np.log10(min(losses)) <= shown.min() <= shown.max() <= np.log10(max(losses)) + 1e-9


def test_every_recorded_metric_can_be_drawn(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(on_digits("mlp", epochs=2))
    events, panel = heard(window), window.panels["accuracy"]
    assert isinstance(panel, AccuracyPanel)
    keys(qtbot, window, "F5")
    qtbot.waitUntil(lambda: len(events) > 0 and idle(window), timeout=PATIENCE)
    epochs = of(EpochCompleted, events)
    for text, name, scale in (
        ("Recall", "recall", 1),
        ("Top-5 accuracy", "top5", 1),
        ("ROC-AUC", "roc_auc", 1),
        ("Accuracy", "accuracy", 100),
    ):
        pick(qtbot, panel.metrics, text)
        drawn(qtbot, window)
        assert panel.dock.windowTitle() == text
        y = panel.plot.points.getOriginalDataset()[1]
        np.testing.assert_allclose(y, [scale * epoch.val[name] for epoch in epochs])
        assert f"{y[-1]:.{3 if scale == 100 else 4}g}" in panel.info.text()
    offered = [action.text() for action in panel.metrics.actions()]
    assert len(offered) == len(epochs[0].val) - 1  # the loss has a panel of its own
    assert [action.text() for action in panel.metrics.actions() if action.isChecked()] == [
        "Accuracy"
    ]


def test_pause_pauses_and_resume_goes_on(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(on_digits("mlp", epochs=5000))
    events = heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: len(of(StepCompleted, events)) > 50, timeout=PATIENCE)
    click_named(qtbot, window, "run_bar.train")
    assert window.session.state == "paused"
    told = -1
    while told != len(events):  # what was on its way when the engine heard of it
        told = len(events)
        drawn(qtbot, window)
    for _ in range(8):  # half a second, in which a running engine would tell 5 times
        drawn(qtbot, window)
    assert len(events) == told
    assert "paused" in window.run_bar.status.text()
    assert window.run_bar.main.accessibleName() == "Resume"
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: len(events) > told + 50, timeout=PATIENCE)
    click_named(qtbot, window, "run_bar.stop")
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    steps = [step.step for step in of(StepCompleted, events)]
    assert steps == list(range(1, len(steps) + 1))


def test_stop_keeps_the_last_checkpoint_and_the_run_goes_on_from_it(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(on_digits("mlp", epochs=5000))
    events = heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: len(of(StepCompleted, events)) > 50, timeout=PATIENCE)
    keys(qtbot, window, "F6")
    assert window.session.state == "paused"
    click_named(qtbot, window, "run_bar.stop")
    assert window.session.state == "stopping"
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    run, stopped = window.session.run, last_checkpoint(window)["step"]
    told = len(of(StepCompleted, events))
    assert stopped >= told > 50
    assert not of(RunCompleted, events)

    choose(qtbot, window, "run.resume_run")
    qtbot.waitUntil(lambda: of(StepCompleted, events)[-1].step > stopped + 50, timeout=PATIENCE)
    click_named(qtbot, window, "run_bar.stop")
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    assert window.session.run == run
    assert [started.step for started in of(RunStarted, events)] == [0, stopped]
    drawn(qtbot, window)
    shown = curves(window, "loss").train.column(STEP)
    # what the stop left untold is told when the run goes on: no step is missing, none comes twice
    np.testing.assert_array_equal(shown, np.arange(1, len(shown) + 1))
    assert len(shown) > stopped + 50


def test_training_further_is_a_new_run_from_the_weights_in_hand(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(on_digits("mlp", epochs=3))
    assert not window.commands.actions["run.continue"].isEnabled()
    events = heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: len(events) > 0 and idle(window), timeout=PATIENCE)
    first = window.session.run
    before = of(EpochCompleted, events)[0].train["loss"]
    events.clear()
    choose(qtbot, window, "run.continue")
    qtbot.waitUntil(lambda: len(events) > 0 and idle(window), timeout=PATIENCE)
    assert window.session.run != first
    assert events[0].step == 0
    assert of(EpochCompleted, events)[0].train["loss"] < before / 2


def test_a_killed_engine_is_told_and_its_run_is_resumed(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(on_digits("mlp", epochs=25))
    events, banner = heard(window), window.banner
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: len(of(CheckpointSaved, events)) > 0, timeout=PATIENCE)
    os.kill(window.session.training._job.stream.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: banner.isVisible(), timeout=PATIENCE)
    assert idle(window)
    assert "exit code -9" in banner.text.text()
    assert "checkpoint" in banner.text.text()
    assert banner.button.text() == "Resume"
    run, kept = window.session.run, last_checkpoint(window)["step"]
    before = window.session.document.project

    click(qtbot, banner.button)
    assert not banner.isVisible()
    qtbot.waitUntil(lambda: len(of(RunCompleted, events)) > 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    assert window.session.run == run
    assert of(RunStarted, events)[-1].step == kept
    shown = curves(window, "loss").train.column(STEP)
    np.testing.assert_array_equal(shown, np.arange(1, len(shown) + 1))
    assert len(shown) == 25 * events[0].steps_per_epoch
    assert window.session.document.project == before


def test_a_network_with_a_fault_is_not_trained(open_window: OpenWindow, qtbot: QtBot) -> None:
    project = on_digits("mlp")
    window = open_window(project.replace(model=project.model.removed([(0,)])))
    click_named(qtbot, window, "run_bar.train")
    assert idle(window)
    assert window.banner.text.text() == "Linear fc1 gets 1 × 8 × 8, needs a flat vector."
    assert not window.session.settings.runs_dir.exists()


def test_a_loss_that_diverges_is_told_in_a_sentence(open_window: OpenWindow, qtbot: QtBot) -> None:
    project = Template.shelf["linear_regression"].project()
    window = open_window(project.replace(train=project.train.replace(lr=1000.0)))
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=PATIENCE)
    assert re.fullmatch(
        r"The loss stopped being a finite number at step \d+\. The first such number was in .+, in "
        r"step \d+\. Lower lr, or normalize the data, and train again\.",
        window.banner.text.text(),
    )
    assert idle(window)
    assert window.banner.button.text() == "Train again, with lr 100"
    click(qtbot, window.banner.button)
    assert window.session.document.project.train.lr == 100
    assert not idle(window)
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=PATIENCE)
    assert window.banner.button.text() == "Train again, with lr 10"


def test_a_run_that_goes_astray_goes_back_to_its_healthy_checkpoint(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    project = Template.shelf["linear_regression"].project()
    window = open_window(project.replace(train=project.train.replace(lr=0.01, epochs=100_000)))
    window.start()
    events = heard(window)
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(lambda: bool(of(CheckpointSaved, events)), timeout=PATIENCE)
    lr = widget(window, "training.form.lr")
    type_over(qtbot, lr, "900")
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=PATIENCE)
    assert idle(window)
    assert window.banner.button.text() == "Go back, with lr 90"
    healthy = last_checkpoint(window)["step"]
    run, before = window.session.run, len(events)
    with qtbot.waitSignal(window.session.state_changed):
        click(qtbot, window.banner.button)
    qtbot.waitUntil(lambda: bool(of(RunStarted, events[before:])), timeout=PATIENCE)
    (started,) = of(RunStarted, events[before:])
    assert started.step == healthy
    assert window.session.run == run
    assert window.session.document.project.train.lr == 90
    assert window.session.run_project == window.session.document.project
    qtbot.waitUntil(lambda: bool(of(RecipeChanged, events[before:])), timeout=PATIENCE)
    (told,) = of(RecipeChanged, events[before:])
    assert (told.step, told.lr) == (healthy, 90)


def test_train_and_stop_at_once_after_the_start_leave_nothing(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    cold = Engines()
    window = open_window(on_digits("mlp", epochs=3), cold)
    window.start()
    said: list[str] = []
    window.session.said.connect(said.append)
    click_named(qtbot, window, "run_bar.train")
    (run,) = window.session.settings.runs_dir.iterdir()
    with qtbot.waitSignal(window.session.all_ended, timeout=PATIENCE):
        click_named(qtbot, window, "run_bar.stop")
        with qtbot.waitSignal(window.session.state_changed, timeout=4000):  # before torch is there
            assert window.session.state == "stopping"
    assert idle(window)
    assert said[1:2] == ["Stopped before a checkpoint."]
    assert window.session.run is None
    assert not run.exists()
    assert not window.banner.isVisible()
    assert window.session.data.described
    cold.close()


def test_nothing_else_can_be_trained_while_training(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(on_digits("mlp", epochs=5000))
    empty = {name: widget(window, f"{name}.act") for name in ("predictions", "confusion")}
    actions = [window.commands.actions[name] for name in ("run.train", "run.continue")]
    assert all(button.isEnabled() for button in empty.values())
    assert actions[0].isEnabled()
    events = heard(window)
    click(qtbot, empty["confusion"])
    assert window.session.state == "running"
    assert not any(button.isEnabled() for button in empty.values())
    assert not any(action.isEnabled() for action in actions)
    qtbot.waitUntil(lambda: len(events) > 0, timeout=PATIENCE)
    run = window.session.run
    window.session.train_wanted.emit()
    assert window.session.run == run
    click_named(qtbot, window, "run_bar.stop")
    qtbot.waitUntil(lambda: idle(window), timeout=PATIENCE)
    assert all(button.isEnabled() for button in empty.values())
    assert actions[0].isEnabled()
