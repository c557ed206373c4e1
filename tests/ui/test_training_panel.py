"""The Training panel: the recipe, the optimizer's own arguments, and what training makes of it."""

import numpy as np
from gestures import PATIENCE, OpenWindow, choose, click_named, drawn, keys, take, type_over
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workbench.core.events import EpochCompleted, Event, RunCompleted, RunStarted
from workbench.core.template import Template
from workbench.core.train import TrainConfig
from workbench.ui.main_window import MainWindow


def recipe(window: MainWindow) -> TrainConfig:
    return window.session.document.project.train


def editor(window: MainWindow, name: str) -> QWidget:
    """The editor of a field of the recipe, or of the optimizer's own form."""
    found = window.panels["training"].findChild(QWidget, f"training.{name}")
    assert found is not None, name
    return found


def complaint(window: MainWindow, name: str) -> str:
    labels = editor(window, name).parentWidget().findChildren(QLabel)
    return " ".join(label.text() for label in labels if label.isVisible())


def raised(open_window: OpenWindow, template: str, **changes: object) -> MainWindow:
    """A window with the Training panel in front."""
    project = Template.shelf[template].project()
    window = open_window(project.replace(train=project.train.replace(**changes)))
    window.docks["training"].raise_()
    return window


def trained(qtbot: QtBot, window: MainWindow) -> list[Event]:
    """Train by the key; gives what was told."""
    events: list[Event] = []
    window.session.reported.connect(events.extend)
    keys(qtbot, window, "F5")
    qtbot.waitUntil(
        lambda: (
            any(isinstance(event, RunCompleted) for event in events)
            and window.session.state == "idle"
        ),
        timeout=PATIENCE,
    )
    window.session.reported.disconnect(events.extend)
    drawn(qtbot, window)
    return events


def test_numbers_are_typed_and_wrong_ones_are_told(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = raised(open_window, "softmax_regression")
    for name, typed, value in (
        ("lr", "0.05", 0.05),
        ("lr", "1e-3", 0.001),
        ("lr", "2", 2.0),
        ("epochs", "7", 7),
        ("seed", "123", 123),
    ):
        type_over(qtbot, editor(window, f"form.{name}"), typed)
        assert getattr(recipe(window), name) == value
    before = window.session.document.project
    for name, typed, told in (
        ("lr", "0", "lr must be above 0."),
        ("lr", "-1", "lr must be above 0."),
        ("lr", "1e9", "must be at most 1000."),
        ("lr", "fast", "lr must be a number."),
        ("lr", "NaN", "must be a finite number."),
        ("lr", "", "lr must be a number."),
        ("epochs", "0", "Epochs must be at least 1."),
        ("epochs", "2.5", "Epochs must be a whole number."),
        ("seed", "-1", "Seed must be at least 0."),
    ):
        line = editor(window, f"form.{name}")
        was = str(getattr(before.train, name))
        type_over(qtbot, line, typed)
        assert told in complaint(window, f"form.{name}"), (name, typed)
        assert window.session.document.project == before
        type_over(qtbot, line, was)
        assert complaint(window, f"form.{name}") == ""
    assert window.session.document.project == before


def test_the_optimizers_own_arguments_have_a_form(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = raised(open_window, "mlp")
    optimizer = editor(window, "form.optimizer")
    assert isinstance(optimizer, QComboBox)
    for kind in ("SGD", "Adam", "AdamW"):
        take(qtbot, optimizer, kind)
        drawn(qtbot, window)
        assert recipe(window).optimizer.kind == kind
        form = window.panels["training"].parts["optimizer"].form
        names = {line.objectName() for line in form.findChildren(QLineEdit)}
        names |= {box.objectName() for box in form.findChildren(QCheckBox)}
        fields = type(recipe(window).optimizer).model_fields
        assert names == {f"training.optimizer.{field}" for field in fields}
    type_over(qtbot, editor(window, "optimizer.betas"), "0.8 × 0.99")
    assert recipe(window).optimizer.betas == (0.8, 0.99)
    type_over(qtbot, editor(window, "optimizer.weight_decay"), "-1")
    assert "must be at least 0." in complaint(window, "optimizer.weight_decay")
    take(qtbot, optimizer, "SGD")
    drawn(qtbot, window)
    nesterov = editor(window, "optimizer.nesterov")
    nesterov.click()
    assert complaint(window, "optimizer.nesterov") == "Nesterov needs a momentum above 0."
    assert not nesterov.isChecked() or not recipe(window).optimizer.nesterov
    type_over(qtbot, editor(window, "optimizer.momentum"), "0.9")
    assert recipe(window).optimizer.momentum == 0.9
    for _ in range(5):
        keys(qtbot, window, "Ctrl+Z")
    assert recipe(window) == Template.shelf["mlp"].project().train


def test_lr_is_drawn_before_the_run(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = raised(open_window, "softmax_regression", epochs=4, lr=0.1)
    plan = window.panels["training"].plan
    assert not plan.isVisible()
    take(qtbot, editor(window, "form.scheduler"), "ExponentialLR")
    qtbot.waitUntil(lambda: "ends at 0.0729" in plan.accessibleName(), timeout=PATIENCE)
    assert plan.isVisible()
    assert plan.plan.epochs == (0, 1, 2, 3)
    np.testing.assert_allclose(plan.plan.lrs, [0.1, 0.09, 0.081, 0.0729])
    drawn(qtbot, window)
    image = plan.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(112)}
    assert window.session.theme.colors.train in colors
    type_over(qtbot, editor(window, "scheduler.gamma"), "0.5")
    qtbot.waitUntil(lambda: "ends at 0.0125" in plan.accessibleName(), timeout=PATIENCE)
    take(qtbot, editor(window, "form.scheduler"), "None")
    assert not plan.isVisible()


def test_a_loss_that_does_not_suit_is_told_on_the_last_card(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = raised(open_window, "logistic_regression")
    take(qtbot, editor(window, "form.loss"), "CrossEntropyLoss")
    assert recipe(window).loss.kind == "CrossEntropyLoss"
    (step,) = window.network.stack.steps
    assert str(step.fault) == "gives 1; CrossEntropyLoss on Breast cancer needs 2."
    keys(qtbot, window.network.view, "Ctrl+.")
    (step,) = window.network.stack.steps
    assert step.fault is None
    assert step.out_shape == (2,)


def test_one_sample_a_mini_batch_or_the_whole_set_makes_a_step(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = raised(open_window, "softmax_regression", epochs=1, lr=0.01)
    box, samples = editor(window, "form.batch_size"), 121
    assert isinstance(box, QComboBox)
    for typed, length, steps in (("1", 1, samples), ("32", 32, 4), ("all", samples, 1)):
        type_over(qtbot, box.lineEdit(), typed)
        assert recipe(window).batch_size == (typed if typed == "all" else length)
        started = next(e for e in trained(qtbot, window) if isinstance(e, RunStarted))
        assert (started.samples, started.batch_size, started.steps_per_epoch) == (
            samples,
            length,
            steps,
        )
    type_over(qtbot, box.lineEdit(), "some")
    assert complaint(window, "form.batch_size")
    assert recipe(window).batch_size == "all"


def test_the_same_seed_gives_the_same_run_and_another_a_different_one(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = raised(open_window, "softmax_regression", epochs=2)

    def losses() -> list[float]:
        told = trained(qtbot, window)
        return [event.val["loss"] for event in told if isinstance(event, EpochCompleted)]

    first = losses()
    assert losses() == first
    type_over(qtbot, editor(window, "form.seed"), "1")
    assert losses() != first


def test_devices_are_offered_in_form_and_toolbar(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = raised(open_window, "mlp")
    window.start()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    expected = ["cpu", *(f"cuda:{index}" for index in range(count))]
    expected += ["mps"] if torch.backends.mps.is_available() else []
    bar, form = window.run_bar.device, editor(window, "form.device")
    assert [bar.itemData(row) for row in range(bar.count())] == expected
    assert [form.itemText(row) for row in range(form.count())] == expected
    assert bar.currentData() == form.currentText() == "cpu"
    assert "thread" in bar.currentText()


def test_linear_regression_is_ready_to_train(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window()
    choose(qtbot, window, "network.template.linear_regression")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    events = trained(qtbot, window)
    assert window.panels["accuracy"].val.length == recipe(window).epochs
    assert events[-1].test["mae"] < 60  # guessing the mean is off by 66 on average
    panel = window.panels["predictions"]
    assert panel.scatter.isVisible()
    held = np.load(window.session.run.predictions("test", recipe(window).epochs))
    x, y = panel.scatter.points.getOriginalDataset()
    order = np.argsort(-held["losses"], kind="stable")
    np.testing.assert_array_equal(x, held["targets"][order])
    np.testing.assert_array_equal(y, held["probabilities"][order])
    off = np.abs(held["probabilities"] - held["targets"]).mean()
    assert panel.info.text() == f"off by {off:.4g} on average"
    assert not window.panels["confusion"].table.isVisible()


def test_logistic_and_softmax_regression_are_ready_to_train(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window()
    for name, classes in (("logistic_regression", 2), ("softmax_regression", 3)):
        choose(qtbot, window, f"network.template.{name}")
        qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
        assert window.session.document.project == Template.shelf[name].project()
        events = trained(qtbot, window)
        assert events[-1].test["accuracy"] >= 0.9
        table = window.panels["predictions"].table
        assert table.isVisible()
        held = np.load(window.session.run.predictions("test", recipe(window).epochs))
        right = held["probabilities"].argmax(1) == held["targets"]
        marks = [table.model().index(row, 0).data()[0] for row in range(table.model().rowCount())]
        assert marks == sorted(["✓" if each else "✗" for each in right], reverse=True)
        assert window.panels["confusion"].table.model().rowCount() == classes


def test_what_a_short_measurement_chose_is_told(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = raised(open_window, "mlp", epochs=1, precision="bf16")
    label = editor(window, "tuned")
    assert isinstance(label, QLabel)
    assert not label.isVisible()
    (started, *_) = trained(qtbot, window)
    assert isinstance(started, RunStarted)
    gain = started.tuning["gains"]["precision"]
    verdict = "is used" if started.tuning["precision"] == "bf16" else "is not used"
    assert label.isVisible()
    assert "thread" in label.text()
    assert "bf16" in label.text()
    assert f"bf16 {verdict}: a step is {gain:.2f} times as fast" in label.toolTip()
    keys(qtbot, window, "Ctrl+N")
    click_named(qtbot, window, "dialog.new.create")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert not label.isVisible(), "the new project has no run"
