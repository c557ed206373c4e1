"""Milliseconds from an edit of the document until shapes, costs and cards show it.

In a real window without a screen: a layer's argument is changed in the middle of the network, then
the events that this leaves are handled, up to the painted cards.
"""

import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

import workbench.catalog  # noqa: F401  puts every choice on its shelf
from workbench.app import make_window
from workbench.core.layer import LayerSpec
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.template import Template
from workbench.ui.main_window import MainWindow

EDITS = 30


def project_of(count: int) -> Project:
    """A network of `count` layers, half of them in residual blocks, on small images."""
    make = LayerSpec.choices()
    conv = make["Conv2d"](out_channels=16, kernel_size=3, padding=1)
    block = make["Residual"](layers=(conv, make["BatchNorm2d"](), make["ReLU"](), conv))
    plain = (conv, make["BatchNorm2d"](), make["ReLU"]())
    layers: list[LayerSpec] = [conv]
    while count - len(list(ModelSpec(layers=tuple(layers)).nested())) >= 11:
        layers += [block, *plain]
    layers += [make["ReLU"]()] * (count - 2 - len(list(ModelSpec(layers=tuple(layers)).nested())))
    layers += [make["Flatten"](), make["Linear"](out_features=10)]
    return Template.shelf["small_cnn"].project().replace(model=ModelSpec(layers=tuple(layers)))


def edit(application: QApplication, window: MainWindow, number: int) -> float:
    """One edit, in milliseconds."""
    stack = window.network.stack
    convs = [step for step in stack.steps if step.layer.kind == "BatchNorm2d"] or stack.steps[:1]
    step = convs[len(convs) // 2]
    field = "momentum" if step.layer.kind == "BatchNorm2d" else "dilation"
    value = 0.1 + number / 1000 if field == "momentum" else 1 + number % 2
    changed = step.layer.replace(**{field: value})
    started = time.perf_counter()
    stack.swap(step.path, (changed,), "change")
    application.processEvents()
    return 1000 * (time.perf_counter() - started)


def measure(application: QApplication, count: int) -> None:
    """Print the median of edits to a network of `count` layers."""
    window = make_window(project_of(count))
    window.show()
    window.complete()
    application.processEvents()
    edit(application, window, 0)
    times = sorted(edit(application, window, number) for number in range(1, EDITS + 1))
    layers = len(window.network.stack.steps)
    print(
        f"{layers} layers: {statistics.median(times):.1f} ms from edit to painted cards "
        f"(median of {EDITS}; {times[0]:.1f} to {times[-1]:.1f})"
    )
    window.end()
    while window.isVisible():
        application.processEvents()


if __name__ == "__main__":
    application = QApplication(["workbench"])
    for count in (10, 50, 200):
        measure(application, count)
