"""A whole project as the program that a person would have written: plain torch, no workbench.

It takes the steps of the program's own training in the same order, from the same random numbers,
so that its losses are the same to the last bit on a CPU.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.core.codegen import Code, generate
from workbench.core.codegen_data import DataCode, laid_out
from workbench.core.codegen_loop import Layout, loop
from workbench.core.codegen_recipe import RecipeCode, device_type
from workbench.core.data import DatasetInfo
from workbench.core.files import read_bytes
from workbench.core.project import Project
from workbench.core.source import import_block

IMPORTS = ("import copy", "import math", "import torch")


def generate_program(
    project: Project,
    tuning: Mapping[str, Any] | None = None,
    weights: Path | None = None,
    beside: bool = True,
) -> Code:
    """`train.py` of a project; lines of the network know their layers.

    `tuning` is how its run carries the steps out, as `RunStarted` tells, else what is usually
    best; `weights` is a checkpoint that it starts from. Files that ship with this program are
    expected `beside` the other one, else where they are.

    Raises:
        UserError: the project has what a program can't tell.
    """
    tuning = tuning or {}
    told = {name: tuning[name] for name in ("compile", "precision") if name in tuning}
    project = project.replace(train=project.train.replace(**told))
    info, recipe = project.data.info(), project.train
    convolves = _convolves(project)
    layout = Layout(convolves, tuning.get("channels_last", convolves))
    fused = tuning.get("fused", device_type(project) in recipe.optimizer.fused_on)
    recipe_code = RecipeCode(project, fused, weights)
    data = DataCode(project, layout.channels_last, beside)
    network = generate(project.model, info.shape)
    running = loop(project, recipe_code, data.calls(), layout)
    texts = [text for function in data.functions() for text in (*function.splitlines(), "")]
    before = [
        f'"""Trains a network on {info.title}."""',
        "",
        *import_block({*IMPORTS, *_imported(network), *data.imports, *recipe_code.imports}),
        "",
        *data.constants,
        f"SEED = {recipe.seed}",
        f"EPOCHS = {recipe.epochs}",
        *(line for text in recipe_code.constants for line in laid_out(text, 0)),
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
    return {line for line in lines if re.match("(import|from) ", line)}


def files_beside(project: Project) -> Sequence[tuple[str, bytes]]:
    """Names and contents of the files that the program expects beside itself.

    Raises:
        UserError: one of them is missing or unreadable.
    """
    return [(path.name, read_bytes(path)) for path in project.data.source().files]
