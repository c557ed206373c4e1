"""`info`: what a project or a run holds, told without torch."""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import workbench.catalog  # noqa: F401  lets the shelves find all choices
from workbench.cli.tables import figures, table
from workbench.core.costs import LONG, Costs, costs_of, size
from workbench.core.layer import counted, shape_text
from workbench.core.project import Project, load_project
from workbench.core.run_summary import summary_of
from workbench.core.runs import Run
from workbench.core.walk import Step


def info(options: Namespace) -> int:
    """Tell network, data and recipe of a project file; of a run folder also how it went.

    As JSON: `path`, `layers`, `parameters`, `multiply_adds` (of one sample), `memory`, `data`,
    `train` and `run`. A layer has, beside its arguments, `path`, `in_shape`, `out_shape`,
    `parameters`, `multiply_adds`, `memory` and `fault`; its `memory` has `saved` (bytes that it
    adds to what training keeps for the backward pass) and `alive` (bytes alive while it runs in
    evaluation), or is null behind a fault. The `memory` of the network, in bytes for a batch of
    `batch` samples in float32: `inputs`, `forward` (most activations at once in evaluation),
    `saved`, `weights`, `gradients`, `optimizer`, and `training`, the sum of the last four.

    Raises:
        UserError: it is neither, or can't be read.
    """
    path = Path(options.path)
    run = Run(path) if path.is_dir() else None
    project = run.project() if run else load_project(path)
    history = _history(run) if run else None
    if options.json:
        told = {"path": str(path), **_content(project), "run": history}
        print(json.dumps(told, indent=2))
    else:
        lines = [str(path), *_summary(project), *(_history_text(history) if history else [])]
        print("\n".join([*lines, "", _network(project)]))
    return 0


def _content(project: Project) -> dict[str, Any]:
    data, steps = project.data.info(), project.walk()
    costs = costs_of(project, steps)
    memory = ("batch", "inputs", "forward", "saved", "weights", "gradients", "optimizer")
    known = ("title", "task", "shape", "classes", "sizes")
    return {
        "layers": [_layer(step, costs) for step in steps],
        "parameters": costs.parameters,
        "multiply_adds": costs.multiply_adds,
        "memory": {name: getattr(costs, name) for name in (*memory, "training")},
        "data": project.data.model_dump(mode="json") | {n: getattr(data, n) for n in known},
        "train": project.train.model_dump(mode="json"),
    }


def _layer(step: Step, costs: Costs) -> dict[str, Any]:
    cost = costs.layers.get(step.path)
    return {
        **step.layer.model_dump(mode="json"),
        "path": step.path,
        "in_shape": step.in_shape,
        "out_shape": step.out_shape,
        "parameters": step.parameters,
        "multiply_adds": step.multiply_adds,
        "memory": cost and {"saved": cost.saved, "alive": cost.forward},
        "fault": str(step.fault) if step.fault else None,
    }


def _summary(project: Project) -> Iterator[str]:
    data, train = project.data.info(), project.train
    sizes = " + ".join(f"{size:,} {split}" for split, size in data.sizes.items())
    classes = f" · {len(data.classes)} classes" if data.classes else ""
    yield f"data    {data.title} · {shape_text(data.shape)} · {sizes}{classes}"
    yield (
        f"recipe  {train.loss.kind} · {train.optimizer.kind} · lr {train.lr:g} · "
        f"batch size {train.batch_size} · {counted(train.epochs, 'epoch', 'epochs')} · "
        f"seed {train.seed} · {train.device}"
    )


def _network(project: Project) -> str:
    """The layers with what flows through them; a fault stands behind its layer."""
    steps = project.walk()
    costs = costs_of(project, steps)
    head = ("layer", "type", "arguments", "output", "parameters", "multiply-adds", "memory")
    rows = [head]
    rows += [
        (
            "  " * step.depth + step.layer.name,
            step.layer.kind,
            step.layer.words(),
            f"fault: {step.fault}" if step.fault else shape_text(step.out_shape),
            f"{step.parameters:,}",
            f"{step.multiply_adds:,}",
            size(costs.layers[step.path].saved) if step.path in costs.layers else "",
        )
        for step in steps
    ]
    total = f"{costs.parameters:,}", f"{costs.multiply_adds:,}", size(costs.saved)
    told = table([*rows, ("total", "", "", "", *total)], numbers=[4, 5, 6])
    return f"{told}\n\n{LONG.format(**costs.texts())}"


def _history(run: Run) -> dict[str, Any]:
    """How a run went: status, epochs completed and planned, best epoch, test metrics."""
    told = summary_of(run)
    return {
        "status": told.status(run),
        "epoch": told.epoch,
        "epochs": told.epochs or None,
        "best": {"epoch": told.best_epoch, "metrics": told.best} if told.best_epoch else None,
        "test": told.test or None,
    }


def _history_text(history: dict[str, Any]) -> Iterator[str]:
    planned = f" of {history['epochs']} epochs" if history["epochs"] else ""
    yield f"run     {history['status']}, {history['epoch']}{planned}"
    if best := history["best"]:
        yield f"best    epoch {best['epoch']} · {figures(best['metrics'])}"
    if history["test"]:
        yield f"test    {figures(history['test'])}"
