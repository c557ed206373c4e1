"""What a run's records cost: `fit` alone, with events and summary, and with TensorBoard too.

Processor time of the whole process on one thread, so that what else the machine does hardly counts;
the sides take turns, and a figure is the median over the turns. What TensorBoard gets behind the
last event of a run, once for each run however long it was, is told apart.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import torch
from works import CNN, MLP, Random28

from workbench.core.events import Event, RunCompleted
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.runs import Run, create_run
from workbench.core.train import LossSpec, OptimizerSpec, TrainConfig
from workbench.engine.fit import fit
from workbench.engine.machine import tune_allocator
from workbench.engine.sinks import record, train
from workbench.engine.summary_sink import summarize

TURNS = 5
Start = Callable[[Project, Run], Generator[Event]]
SIDES: dict[str, Start] = {
    "fit": fit,
    "with events": lambda project, run: summarize(record(fit(project, run), run), run, project),
    "with TensorBoard": lambda project, run: train(project, run.folder),
}


def project(model: ModelSpec, epochs: int) -> Project:
    recipe = TrainConfig(
        loss=LossSpec.named("CrossEntropyLoss")(),
        optimizer=OptimizerSpec.named("SGD")(),
        batch_size=64,
        lr=0.01,
        epochs=epochs,
    )
    return Project(model=model, data=Random28(), train=recipe)


def seconds(start: Start, work: Project, folder: Path) -> tuple[float, float]:
    """Processor time until the run says that it is over, and behind that."""
    run = create_run(work, folder)
    began = over = time.process_time()
    for event in start(work, run):
        if isinstance(event, RunCompleted):
            over = time.process_time()
    return over - began, time.process_time() - over


def log() -> None:
    """Print what events and TensorBoard add to a run."""
    torch.set_num_threads(1)
    tune_allocator()
    for name, work in (("CNN", project(CNN, 2)), ("MLP", project(MLP, 8))):
        with tempfile.TemporaryDirectory() as folder:
            for start in SIDES.values():  # imports, and the allocator at its size
                seconds(start, work, Path(folder))
            turns = [
                {side: seconds(start, work, Path(folder)) for side, start in SIDES.items()}
                for _ in range(TURNS)
            ]
        for side in list(SIDES)[1:]:
            ratios = [turn[side][0] / turn["fit"][0] - 1 for turn in turns]
            spread = f"{min(ratios):+.1%} to {max(ratios):+.1%}"
            behind = statistics.median(turn[side][1] for turn in turns)
            whole = statistics.median(turn["fit"][0] for turn in turns)
            print(
                f"{name}, a run of {whole:.1f} s, {side}: {statistics.median(ratios):+.1%} "
                f"({spread}), and {behind:.2f} s behind its end"
            )


if __name__ == "__main__":
    log()
