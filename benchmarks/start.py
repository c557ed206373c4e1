"""Seconds from the start of a fresh process to the first paint of the main window, and until
every panel of it is filled and painted too.

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
import gc, os, sys, time
gc.disable()  # as __main__ does before it opens the window
from workbench import app

def tell():
    print(time.time() - float(os.environ["STARTED"]), flush=True)

def made():
    window = make()
    window.painted.connect(tell)  # before open_window connects what follows upon it
    window.completed.connect(end)
    return window

def end():
    app.QApplication.sendPostedEvents()  # the panels that were filled since are painted
    tell()
    os._exit(0)

make, app.make_window = app.make_window, made
app.open_window([])
"""


def seconds() -> tuple[float, float]:
    """One start: first paint, complete window."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "WORKBENCH_HOME": home, "STARTED": repr(time.time())}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        command = [sys.executable, "-c", CHILD]
        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    first, complete = map(float, told.stdout.split())
    return first, complete


if __name__ == "__main__":
    seconds()
    runs = [seconds() for _ in range(9)]
    for what, times in zip(("first paint", "complete"), zip(*runs, strict=True), strict=True):
        print(
            f"{what} after {statistics.median(times):.2f} s (median of {len(times)}; "
            f"{min(times):.2f} to {max(times):.2f})"
        )
