"""A thousand runs of 100,000 steps: listed, and their curves drawn.

    python benchmarks/runs.py [RUNS [STEPS]]

Made in a temporary folder, as training leaves them; each has a project, a summary and notes
of its own, while events and curves are hard links to one file each, which would take 20 GB. The
first run is also read without its summary and its curves, as an older program would have left it.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.core.curves import CURVES, Curves, chunk, read_curves
from workbench.core.data import DatasetSpec
from workbench.core.events import EpochCompleted, RunCompleted, RunStarted, StepCompleted
from workbench.core.project import Project
from workbench.core.run_list import list_runs, listed
from workbench.core.run_notes import Notes, save_notes
from workbench.core.run_summary import SUMMARY, summarized, write_summary
from workbench.core.runs import Run, create_run
from workbench.core.template import Template

STEPS_PER_EPOCH = 1_000
DRAWN = 12  # runs whose curves are drawn one by one, and then all at once


def project(number: int) -> Project:
    made = Template.shelf["small_cnn"].project(DatasetSpec.named("Digits")())
    return made.replace(train=made.train.replace(lr=0.001 * (1 + number % 7), seed=number))


def first_run(folder: Path, steps: int) -> Run:
    """A run with its events; the loss falls, with noise."""
    run = create_run(project(0), folder)
    lines = [
        RunStarted(
            run=run.name,
            device="cpu",
            threads=2,
            parameters=9_098,
            samples=64_000,
            batch_size=64,
            steps_per_epoch=STEPS_PER_EPOCH,
            epochs=steps // STEPS_PER_EPOCH,
        ).to_json()
    ]
    for step in range(1, steps + 1):
        loss = 2.0 / (1.0 + step / 5_000) + 0.1 * (step * 2_654_435_761 % 997) / 997
        at = {"step": step, "epoch": 1 + (step - 1) // STEPS_PER_EPOCH, "seconds": step / 1_000}
        metrics = {"loss": loss, "accuracy": 1 / (1 + loss)}
        lines.append(StepCompleted(**at, samples=64, metrics=metrics, lr=0.001).to_json())
        if step % STEPS_PER_EPOCH == 0:
            lines.append(
                EpochCompleted(
                    **at, samples_per_second=64_000.0, train=metrics, val=metrics, best=True
                ).to_json()
            )
    end = RunCompleted(
        reason="completed",
        epoch=steps // STEPS_PER_EPOCH,
        step=steps,
        seconds=steps / 1_000,
        test={"loss": 0.2, "accuracy": 0.95},
    )
    run.events_file.write_text("\n".join([*lines, end.to_json()]) + "\n")
    return run


def make(folder: Path, runs: int, steps: int) -> list[Run]:
    """All runs; the files of the first one are those of all, by hard links."""
    made = [first_run(folder, steps)]
    curves = Curves()
    curves.follow(made[0])
    (made[0].folder / CURVES).write_bytes(chunk(curves))
    for number in range(1, runs):
        run = create_run(project(number), folder)
        os.link(made[0].events_file, run.events_file)
        os.link(made[0].folder / CURVES, run.folder / CURVES)
        made.append(run)
    told = summarized(made[0])
    for run in made:
        save_notes(run, Notes(name=f"attempt {run.name}", tags=("many", "made")))
        write_summary(run, told.model_copy(update={"created": run.project_file.stat().st_mtime}))
    return made


def seconds(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


def tell(what: str, spent: list[float]) -> None:
    middle, worst = 1_000 * statistics.median(spent), 1_000 * max(spent)
    print(f"{what:<66} {middle:8.1f} ms   at most {worst:8.1f} ms", flush=True)


def without_window(folder: Path, runs: list[Run]) -> None:
    count = len(runs)
    spent = [seconds(lambda: [run for batch in list_runs(folder) for run in batch.runs])]
    spent += [seconds(lambda: list(list_runs(folder))) for _ in range(5)]
    tell(f"{count:,} runs listed", spent)
    tell("curves of a run read", [seconds(lambda run=run: read_curves(run)) for run in runs[:30]])  # type: ignore[misc]
    old = runs[0].folder
    spent = []
    for _ in range(5):
        (old / SUMMARY).unlink()
        spent.append(seconds(lambda: listed(runs[0])))
    tell("a run without a summary listed, from its events", spent)
    spent = []
    for _ in range(5):
        (old / CURVES).unlink()
        spent.append(seconds(lambda: read_curves(runs[0])))
    tell("curves of a run read without their file, from its events", spent)


def in_window(runs: list[Run], home: Path) -> None:
    os.environ["WORKBENCH_HOME"] = str(home)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    from workbench.app import make_window
    from workbench.ui.layouts import arrange

    window = make_window()
    window.show()
    window.complete()
    arrange(window, window.docks, "evaluate")
    window.resize(1600, 1000)
    app.processEvents()
    panel = window.runs

    def wait() -> None:
        while panel.table.total < len(runs) or window.session.busy:
            _spin(1)

    wait()
    panel.overlay.make_plot()

    def list_again() -> None:
        panel.table.keep_only(())
        panel.refresh()
        wait()
        window.grab()

    tell(f"{len(runs):,} runs listed in the panel, and painted", _times(5, list_again))
    tell("   of which the window waits", _times(5, lambda: panel.table.put(panel.table.runs)))

    def choose(names: list[str]) -> None:
        panel.view.choose(names)
        while window.session.busy:
            _spin(1)
        panel.overlay.draw()
        panel.overlay.grab()

    names = [run.name for run in runs[1 : DRAWN + 1]]
    choose([runs[-1].name])
    one = [seconds(lambda name=name: choose([name])) for name in names]  # type: ignore[misc]
    tell("a run selected: its curve read, drawn and painted", one)
    panel.overlay.draw()
    tell(
        f"{DRAWN} runs selected, which are in memory",
        _times(5, lambda: (choose([]), choose(names))),
    )
    panel.overlay.tag.setCurrentIndex(panel.overlay.tag.findData("loss/train"))
    panel.overlay.show_all()
    panel.overlay.draw()

    def frame() -> None:
        panel.overlay.show_all()
        panel.overlay.draw()
        panel.overlay.grab()

    tell(f"a frame of the {DRAWN} curves of the training loss", _times(9, frame))
    window.end()
    _spin(300)


def _times(count: int, work: object) -> list[float]:
    return [seconds(work) for _ in range(count)]


def _spin(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        print(f"{count:,} runs of {steps:,} steps", flush=True)
        runs = make(home / "runs", count, steps)
        without_window(home / "runs", runs)
        in_window(runs, home)


if __name__ == "__main__":
    main()
