"""Backbones in the window: added, mended, their weights asked for and fetched, trained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    answer,
    append,
    choose,
    click,
    click_named,
    dialog,
    palette_item,
    wait_gone,
    widget,
)
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    """Engines that no server answers: their proxy is a port where nobody listens."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Engines()
    yield made
    made.close()


def test_a_backbone_is_added_and_mended_by_its_fix(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["mlp"].project().replace(model=ModelSpec()))
    assert palette_item(window, "ResNet18").parent().text(0) == "Backbones"
    assert "torchvision.models.resnet18" in palette_item(window, "ResNet18").toolTip(0)
    append(qtbot, window, "ResNet18")
    assert "needs 3 channels and at least 32" in widget(window, "layer.fault").text()
    choose(qtbot, window, "network.fix")
    kinds = [layer.kind for layer in window.session.document.project.model.layers]
    assert kinds == ["Upsample", "Conv2d", "ResNet18"]
    window.session.document.project.check()


def with_imagenet(window: MainWindow) -> None:
    project = window.session.document.project
    kinds = LayerSpec.choices()
    layers = (
        kinds["Upsample"](size=32),
        kinds["Conv2d"](out_channels=3, kernel_size=1),
        kinds["MobileNetV3Small"](weights="imagenet"),
    )
    window.session.document.edit("Backbone", project.replace(model=ModelSpec(layers=layers)))


def test_published_weights_are_asked_for_and_their_lack_is_one_sentence(
    open_window: OpenWindow, qtbot: QtBot, offline: Engines, home: Path
) -> None:
    window = open_window(Template.shelf["mlp"].project(DatasetSpec.named("Digits")()), offline)
    download = window.commands.actions["model.download"]
    window.commands.refresh()
    assert not download.isEnabled()
    with_imagenet(window)
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    choose(qtbot, window, "run.train")
    banner = widget(window, "banner")
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE)
    told = widget(window, "banner.text").text()
    assert "Model > Download Weights" in told
    assert str(home / "weights") in told
    click_named(qtbot, window, "banner.close")
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)

    choose(qtbot, window, "model.download")
    box = dialog(qtbot, window, "dialog.download")
    assert box.text() == ("Download the ImageNet weights of MobileNetV3Small from the internet?")
    assert str(home / "weights") in box.informativeText()
    answer(qtbot, window, "dialog.download", QMessageBox.StandardButton.Cancel)
    assert not window.session.busy

    choose(qtbot, window, "model.download")
    box = dialog(qtbot, window, "dialog.download")
    click(qtbot, next(each for each in box.buttons() if each.text() == "Download"))
    wait_gone(qtbot, box)
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE)
    assert "could not be downloaded" in widget(window, "banner.text").text()
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    assert not list((home / "weights").glob("*.pth"))
