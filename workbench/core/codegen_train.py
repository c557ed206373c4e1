"""A whole project as the program that a person would have written: plain torch, no workbench.

It takes the steps of the program's own training in the same order, from the same random numbers,
so that its losses are the same to the last bit on a CPU.
"""

import re
from collections.abc import Sequence

from workbench.core.codegen import Code, generate
from workbench.core.codegen_data import DataCode
from workbench.core.codegen_loop import loop
from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.files import read_bytes
from workbench.core.project import Project
from workbench.core.source import import_block
from workbench.core.train import TrainConfig


def generate_program(project: Project) -> Code:
    """`train.py` of a project; lines of the network know their layers.

    Raises:
        UserError: the project has what a program can't tell.
    """
    info, recipe = project.data.info(), project.train
    _check_told(project)
    convolves = _convolves(project)
    data = DataCode(project, project.data.source(), convolves)
    network = generate(project.model, info.shape)
    running = loop(project, data.calls(), convolves)
    texts = [text for function in data.functions() for text in (*function.splitlines(), "")]
    before = [
        f'"""Trains a network on {info.title}."""',
        "",
        *import_block({"import copy", "import math", *_imported(network), *data.imports}),
        "",
        *data.constants,
        f"SEED = {recipe.seed}",
        f"EPOCHS = {recipe.epochs}",
        *([] if recipe.batch_size == "all" else [f"BATCH_SIZE = {recipe.batch_size}"]),
        f'DEVICE = "{recipe.device}"',
        *_target_scale(info),
        "",
        *texts,
    ]
    start = next(n for n, line in enumerate(network.text.splitlines()) if line.startswith("class "))
    classes = network.text.splitlines()[start:]
    after = ["", *running.splitlines()]
    lines = [*before, "", *classes, *after]
    owners = [()] * (len(before) + 1) + list(network.owners[start:]) + [()] * len(after)
    return Code("".join(f"{line}\n" for line in lines), tuple(owners))


_UNTOLD = {
    "scheduler": "scheduler",
    "warmup_steps": "warm-up",
    "max_norm": "clipping of gradients",
    "accumulate": "accumulation",
    "ema_decay": "averaged weights",
    "patience": "early stopping",
    "precision": "precision",
    "compile": "compiling",
    "deterministic": "deterministic mode",
    "threads": "number of threads",
}


def _check_told(project: Project) -> None:
    """See that the program would do what the project does.

    Raises:
        UserError: it has what no program tells yet.
    """
    recipe = project.train
    untold = {
        "optimizer": recipe.optimizer.kind in ("LBFGS", "Muon"),
        **{words: getattr(recipe, field) != _usual(field) for field, words in _UNTOLD.items()},
    }
    for name, is_wanted in untold.items():
        if is_wanted:
            raise UserError(
                "train.py can't tell the {name} of this project yet. Take the network alone, or "
                "train by `workbench train`.",
                name=name,
            )


def _usual(field: str) -> object:
    return TrainConfig.model_fields[field].get_default(call_default_factory=True)


def _target_scale(info: DatasetInfo) -> list[str]:
    """Constants that bring targets to mean 0 and standard deviation 1, if they are."""
    mean, std = info.target_scale
    return [] if (mean, std) == (0.0, 1.0) else [f"TARGET_MEAN = {mean!r}", f"TARGET_STD = {std!r}"]


def _convolves(project: Project) -> bool:
    """Whether the network has convolutions, and so the layout that they gain from."""
    layers = [layer for _, layer in project.model.nested()]
    return any(layer.kind == "Conv2d" or "torchvision" in layer.library for layer in layers)


def _imported(network: Code) -> set[str]:
    lines = network.text.splitlines()
    return {"import torch", *(line for line in lines if re.match("(import|from) ", line))}


def files_beside(project: Project) -> Sequence[tuple[str, bytes]]:
    """Names and contents of the files that the program expects beside itself.

    Raises:
        UserError: one of them is missing or unreadable.
    """
    return [(path.name, read_bytes(path)) for path in project.data.source().files]
