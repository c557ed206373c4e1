"""Training against the bare step, the loop by hand, the peers, and itself without a window.

Both sides of a ratio take short turns next to each other, so that what else the machine does falls
on both; a figure is the median over the turns. Name the parts to run:
    limit hand peers waiting window late first log soak [minutes]
and, behind hand, peers and window, works if not all are wanted: cnn cnn32 mlp logistic.
Each part takes about two minutes, soak an hour unless it is told how many minutes.
"""

import importlib
import os
import sys
import tempfile

from workbench.core.threads import wait_asleep

PARTS = {
    "limit": "against",
    "hand": "against",
    "peers": "against",
    "waiting": "waiting",
    "window": "windowed",
    "late": "windowed",
    "first": "windowed",
    "log": "logged",
    "soak": "soak",
}

if __name__ == "__main__":
    wait_asleep()
    # what was measured for earlier runs, on a machine that was perhaps busy, does not count here
    os.environ["WORKBENCH_HOME"] = tempfile.mkdtemp()
    for part in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        # by name: a window's process has no torch, which the other parts import
        getattr(importlib.import_module(PARTS[part]), part)()
