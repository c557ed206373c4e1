"""Seconds from the start of a fresh process to the first paint of the main window.

Each run is a process of its own with settings of its own; the first fills the disk cache and is
not counted.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

CHILD = """
import os, sys, time
from workbench import app
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print(time.time() - float(os.environ["STARTED"]), flush=True)
            os._exit(0)
        return False

application = QApplication(["workbench"])
window = app.make_window()
watch = Watch()
window.installEventFilter(watch)
window.show()
application.exec()
"""


def seconds() -> float:
    """One start."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "WORKBENCH_HOME": home, "STARTED": repr(time.time())}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        command = [sys.executable, "-c", CHILD]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(told.stdout.split()[-1])


if __name__ == "__main__":
    seconds()
    found = sorted(seconds() for _ in range(9))
    print(
        f"first paint after {statistics.median(found):.2f} s (median of {len(found)}; "
        f"{found[0]:.2f} to {found[-1]:.2f})"
    )
