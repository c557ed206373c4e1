"""Short runs in one window, one after another: what grows? A part of `fit.py`."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

from windowed import shown, wait
from works import WORKS

from workbench.ui.main_window import MainWindow

MINUTES = 60.0
WARM = 0.15  # share of the time in which caches fill
EPOCHS = 3


def soak() -> None:
    """Train again and again; tells memory, threads and open files once warm and at the end."""
    told = [float(word) for word in sys.argv if word.replace(".", "").isdigit()]
    minutes = told[0] if told else MINUTES
    with shown(WORKS["cnn"](EPOCHS)) as opened:
        since, runs, rows = time.perf_counter(), 0, []
        while (passed := (time.perf_counter() - since) / 60) < minutes:
            opened.run_bar.main.click()
            wait(lambda: opened.session.state == "idle" and not opened.session.busy)
            runs += 1
            if passed >= WARM * minutes:
                rows.append(taken(opened))
    tenth = max(1, len(rows) // 10)
    print(f"soak: {runs} runs of {EPOCHS} epochs in {minutes:g} minutes", flush=True)
    for column, name in enumerate(rows[0]):
        before, after = (
            sorted(row[name] for row in part)[len(part) // 2]
            for part in (rows[:tenth], rows[-tenth:])
        )
        growth = f", {100 * (after / before - 1):+.1f} %" if column < 2 else ""
        print(f"soak: {name}: {before} warmed up, {after} at the end{growth}", flush=True)


def taken(opened: MainWindow) -> dict[str, int]:
    """What both processes hold."""
    [engine] = multiprocessing.active_children()
    window = os.getpid()
    return {
        "memory of the window, MB": memory(window),
        "memory of the engine, MB": memory(engine.pid),
        "threads of the window": entries(window, "task"),
        "threads of the engine": entries(engine.pid, "task"),
        "open files of the window": entries(window, "fd"),
        "open files of the engine": entries(engine.pid, "fd"),
    }


def memory(pid: int | None) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def entries(pid: int | None, what: str) -> int:
    return len(list(Path(f"/proc/{pid}/{what}").iterdir()))
