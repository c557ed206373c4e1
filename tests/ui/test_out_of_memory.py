"""A batch beyond all memory: what it goes to is told, and batches of half the size are offered."""

from gestures import PATIENCE, OpenWindow, click, click_named
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template


def test_smaller_batches_are_offered_until_they_fit(open_window: OpenWindow, qtbot: QtBot) -> None:
    """Few parameters, and images of 800 by 800 pixels with 1,000 channels between them."""
    layers = (
        LayerSpec.named("Conv2d")(out_channels=1000, kernel_size=1, padding=400),
        LayerSpec.named("MaxPool2d")(kernel_size=400),
        LayerSpec.named("Flatten")(),
        LayerSpec.named("Linear")(out_features=10),
    )
    project = Template.shelf["small_cnn"].project(DatasetSpec.named("Digits")())
    window = open_window(project.replace(model=ModelSpec(layers=layers)))
    banner, recipe = window.banner, lambda: window.session.document.project.train
    click_named(qtbot, window, "run_bar.train")
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE)
    assert "GB for the activations of a batch of 64, " in banner.text.text()
    assert banner.button.text() == "Train with batches of 32, 2 a step"
    click(qtbot, banner.button)
    assert (recipe().batch_size, recipe().accumulate) == (32, 2)
    assert window.session.state != "idle"
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE)
    assert "GB for the activations of a batch of 32, " in banner.text.text()
    assert banner.button.text() == "Train with batches of 16, 4 a step"
    window.session.document.undo_stack.undo()
    assert (recipe().batch_size, recipe().accumulate) == (64, 1)
