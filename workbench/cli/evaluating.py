"""`evaluate`: how good a run's weights are."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.tables import figures, table
from workbench.core.layer import counted
from workbench.core.runs import Run

if TYPE_CHECKING:
    from workbench.engine.evaluate import Evaluation


def evaluate(options: Namespace) -> int:
    """Measure the best weights of a run over a split.

    Raises:
        UserError: no run, no checkpoint, or the data is missing.
    """
    run = Run(Path(options.run))
    run.project()  # a wrong folder is told of before the wait for torch
    from workbench.engine.evaluate import evaluate as evaluated
    from workbench.engine.machine import set_up

    set_up()
    found = evaluated(run, options.split)
    print(json.dumps(_content(found), indent=2) if options.json else _text(found))
    return 0


def _content(found: "Evaluation") -> dict[str, object]:
    names = ("split", "checkpoint", "epoch", "samples")
    told = {name: getattr(found, name) for name in names}
    return {**told, **found.metrics, "per_class": found.per_class}


def _text(found: "Evaluation") -> str:
    samples = counted(found.samples, "sample", "samples")
    told = f"{found.split}  {figures(found.metrics)}"
    told += f"  ({samples}, {found.checkpoint} checkpoint, epoch {found.epoch})"
    return f"{told}\n\n{_class_table(found.per_class)}" if found.per_class else told


def _class_table(per_class: dict[str, dict[str, float]]) -> str:
    names = ("precision", "recall", "f1")
    rows = [
        [label, *(f"{row[name]:.4f}" for name in names), f"{row['support']:.0f}"]
        for label, row in per_class.items()
    ]
    return table([("class", *names, "samples"), *rows], numbers=range(1, 5))
