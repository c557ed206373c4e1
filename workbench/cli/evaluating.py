"""`evaluate`: how good a run's weights are."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.models import opened
from workbench.cli.tables import figures, table
from workbench.core.layer import counted
from workbench.core.project import load_project
from workbench.core.runs import Run

if TYPE_CHECKING:
    from workbench.engine.evaluate import Evaluation


def evaluate(options: Namespace) -> int:
    """Measure the best weights of a run, or a model, over a split of its data or of others.

    Raises:
        UserError: no model, no checkpoint, or the data is missing or does not fit.
    """
    path = Path(options.model)
    if path.is_dir():
        Run(path).project()  # a wrong folder is told of before the wait for torch
    found = _on_other_data(options) if options.data or not path.is_dir() else _of_run(path, options)
    print(json.dumps(_content(found), indent=2) if options.json else _text(found))
    return 0


def _of_run(path: Path, options: Namespace) -> "Evaluation":
    from workbench.engine.evaluate import evaluate as evaluated
    from workbench.engine.machine import set_up

    set_up()
    return evaluated(Run(path), options.split)


def _on_other_data(options: Namespace) -> "Evaluation":
    other = load_project(Path(options.data)) if options.data else None
    with opened(options.model, options.data) as model:
        from workbench.engine.asked import evaluate_on
        from workbench.engine.machine import set_up

        set_up()
        data = other.data if other else model.project.data
        return evaluate_on(model.project, model.weights, data, options.split)


def _content(found: "Evaluation") -> dict[str, object]:
    names = ("split", "checkpoint", "epoch", "samples")
    told = {name: getattr(found, name) for name in names}
    return {**told, **found.metrics, "per_class": found.per_class}


def _text(found: "Evaluation") -> str:
    samples = counted(found.samples, "sample", "samples")
    told = f"{found.split}  {figures(found.metrics)}"
    of_run = f", {found.checkpoint} checkpoint, epoch {found.epoch}" if found.checkpoint else ""
    told += f"  ({samples}{of_run})"
    return f"{told}\n\n{_class_table(found.per_class)}" if found.per_class else told


def _class_table(per_class: dict[str, dict[str, float]]) -> str:
    names = ("precision", "recall", "f1")
    rows = [
        [label, *(f"{row[name]:.4f}" for name in names), f"{row['support']:.0f}"]
        for label, row in per_class.items()
    ]
    return table([("class", *names, "samples"), *rows], numbers=range(1, 5))
