"""The Data panel: every dataset, its figures against numpy's, and files that are not there."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gestures import (
    PATIENCE,
    OpenWindow,
    answer,
    choose,
    choose_file,
    click,
    dialog,
    drawn,
    keys,
    pick,
    type_over,
    wait_gone,
    widget,
)
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from workbench.core.data import DatasetSpec
from workbench.core.template import Template
from workbench.engine.remote import Engines
from workbench.ui.main_window import MainWindow

BUILT_IN = ("Digits", "Iris", "BreastCancer", "Wine", "Diabetes", "FashionMNISTSmall")


def shown(window: MainWindow, name: str) -> str:
    """The text of a label of the Data panel."""
    return widget(window.panels["data"], f"data.{name}").text()


def loaded(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.session.busy, timeout=PATIENCE)
    drawn(qtbot, window)


def turn_to(qtbot: QtBot, window: MainWindow, title: str) -> None:
    """Click a tab of the Data panel."""
    tabs = window.panels["data"].tabs
    (index,) = (i for i in range(tabs.count()) if tabs.tabText(i).split()[0] == title)
    assert tabs.isTabVisible(index)
    click(qtbot, tabs, tabs.tabRect(index).center())
    loaded(qtbot, window)


def figures(inputs: NDArray[np.float32], full_scale: float) -> tuple[NDArray, NDArray]:
    """Mean and standard deviation per channel or column, by numpy."""
    images = inputs.ndim == 4
    values = inputs.astype(np.float64) / (full_scale if images else 1.0)
    axes = (0, 2, 3) if images else (0,)
    return values.mean(axes), values.std(axes)


def test_every_built_in_dataset_tells_its_sizes_classes_and_figures(
    open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(Template.shelf["mlp"].project(DatasetSpec.named("Wine")()))
    panel = window.panels["data"]
    for name in BUILT_IN:
        kind = DatasetSpec.named(name)
        pick(qtbot, panel.choose.menu(), kind.title)
        loaded(qtbot, window)
        data, info = window.session.document.project.data, kind().info()
        assert type(data) is kind
        assert window.commands.actions[f"data.choose.{name}"].isChecked()
        splits = data.load()
        sizes = [f"{len(splits[split].targets):,}" for split in ("train", "val", "test")]
        assert shown(window, "sizes") == "{} train · {} validation · {} test".format(*sizes)
        assert shown(window, "heading") == kind.title
        mean, std = figures(splits["train"].inputs, info.full_scale)
        told = window.session.data.described
        np.testing.assert_allclose(told.mean, mean, rtol=1e-5)
        np.testing.assert_allclose(told.std, std, rtol=1e-5)
        if info.is_image:
            turn_to(qtbot, window, "Prepare")
            expected = f"mean {mean[0]:.3f} · std {std[0]:.3f}"
            assert expected in shown(window, "prepared")
            turn_to(qtbot, window, "Samples")
        counts = np.bincount(splits["train"].targets.astype(int), minlength=len(info.classes))
        pairs = [f"{c}: {n:,}" for c, n in zip(info.classes, counts, strict=False)]
        samples = panel.samples
        assert samples.balance.isVisible() == bool(pairs)
        assert not pairs or samples.balance.accessibleName().endswith(": " + ", ".join(pairs))
        assert samples.pictures.isVisible() == info.is_image
        qtbot.waitUntil(lambda: samples.table.isVisible() != info.is_image)  # noqa: B023
    for _ in BUILT_IN:
        keys(qtbot, window, "Ctrl+Z")
    assert window.session.document.project.data == DatasetSpec.named("Wine")()


def test_samples_are_shown_as_they_are(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["softmax_regression"].project())
    choose(qtbot, window, "data.reload")
    loaded(qtbot, window)
    train = window.session.document.project.data.load()["train"]
    rows = window.panels["data"].samples.table.model()
    header = [rows.headerData(i, Qt.Orientation.Horizontal) for i in range(rows.columnCount())]
    assert header[:2] == ["species", "sepal length (cm)"]
    real = {tuple(f"{x:.4g}" for x in row) for row in train.inputs}
    names = {"setosa", "versicolor", "virginica"}
    seen = set()
    for row in range(rows.rowCount()):
        species, *measures = (rows.index(row, column).data() for column in range(5))
        assert tuple(measures) in real
        seen.add(species)
    assert seen == names


def test_data_of_another_task_bring_their_loss_along(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["mlp"].project())
    before = window.session.document.project
    choose(qtbot, window, "data.choose.Diabetes")
    assert window.session.document.project.train.loss.kind == "MSELoss"
    assert "MSELoss" in window.statusBar().currentMessage()
    keys(qtbot, window.network.view, "Ctrl+.")
    keys(qtbot, window.network.view, "Ctrl+.")
    window.session.document.project.check()
    for _ in range(3):
        keys(qtbot, window, "Ctrl+Z")
    assert window.session.document.project == before


def test_the_split_is_changed_in_its_form(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(Template.shelf["softmax_regression"].project())
    loaded(qtbot, window)
    turn_to(qtbot, window, "Split")
    line = window.findChild(QLineEdit, "data.form.val_fraction")
    type_over(qtbot, line, "0.2")
    loaded(qtbot, window)
    train = 150 - 15 - 27
    assert shown(window, "sizes") == f"{train} train · 27 validation · 15 test"
    type_over(qtbot, line, "1")
    assert window.session.document.project.data.val_fraction == 0.2
    reason = line.parentWidget().findChildren(QLabel)
    assert [label.text() for label in reason if label.isVisible()] == [
        "Validation share must be below 1."
    ]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    """Engines that no server answers: their proxy is a port where nobody listens."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    made = Engines()
    yield made
    made.close()


def test_missing_files_are_told_and_downloading_asks_first(
    open_window: OpenWindow, qtbot: QtBot, offline: Engines, home: Path
) -> None:
    window = open_window(Template.shelf["mlp"].project(), offline)
    panel, download = window.panels["data"], window.commands.actions["data.download"]
    assert not download.isEnabled()
    choose(qtbot, window, "data.choose.MNIST")
    loaded(qtbot, window)
    missing = shown(window, "state")
    assert missing.startswith(f"MNIST is not in {home / 'datasets'}. ")
    assert "Download" in missing
    assert panel.download.isVisible()
    assert download.isEnabled()

    click(qtbot, panel.download)
    box = dialog(qtbot, window, "dialog.download")
    assert box.text() == "Download MNIST from the internet?"
    assert str(home / "datasets") in box.informativeText()
    answer(qtbot, window, "dialog.download", QMessageBox.StandardButton.Cancel)
    assert not window.session.busy
    assert shown(window, "state") == missing

    click(qtbot, panel.download)
    box = dialog(qtbot, window, "dialog.download")
    (yes,) = (button for button in box.buttons() if button.text() == "Download")
    click(qtbot, yes)
    wait_gone(qtbot, box)
    assert window.session.busy
    loaded(qtbot, window)
    assert shown(window, "state") == (
        "MNIST could not be downloaded: there is no connection to its server. Check the network, "
        f"or put its files into {home / 'datasets'}."
    )
    choose(qtbot, window, "data.choose.Digits")
    loaded(qtbot, window)
    assert shown(window, "state") == ""
    assert not panel.download.isVisible()


def write_mnist(folder: Path, part: str, images: NDArray[np.uint8], labels: list[int]) -> None:
    """The two files of a part of MNIST in their published format."""
    folder.mkdir(parents=True, exist_ok=True)
    count, height, width = images.shape
    for name, data in (
        (f"{part}-images-idx3-ubyte", struct.pack(">4i", 2051, count, height, width)),
        (f"{part}-labels-idx1-ubyte", struct.pack(">2i", 2049, count)),
    ):
        content = data + (images.tobytes() if "images" in name else bytes(labels))
        (folder / name).write_bytes(content)
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))


def test_files_in_a_local_folder_are_read(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    for part, count in (("train", 100), ("t10k", 20)):
        images = draw.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = [index % 10 for index in range(count)]
        write_mnist(tmp_path / "MNIST" / "raw", part, images, labels)
    window = open_window(Template.shelf["small_cnn"].project(DatasetSpec.named("MNIST")()))
    choose(qtbot, window, "data.folder")
    choose_file(qtbot, window, "dialog.data_folder", tmp_path)
    loaded(qtbot, window)
    assert window.session.document.project.data.folder == tmp_path
    assert shown(window, "sizes") == "90 train · 10 validation · 20 test"
    assert window.session.data.described.class_counts["train"] == (9,) * 10
