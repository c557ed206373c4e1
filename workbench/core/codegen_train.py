"""A whole project as the program that a person would have written: plain torch, no workbench.

It takes the steps of the program's own training in the same order, from the same random numbers.
"""

import re
from collections.abc import Sequence

from workbench.core.codegen import Code, generate
from workbench.core.data import SPLITS, DatasetInfo
from workbench.core.errors import UserError
from workbench.core.files import read_bytes
from workbench.core.pretty import statement
from workbench.core.project import Project
from workbench.core.source import Source, import_block
from workbench.core.train import TrainConfig

SPLIT = '''
def split(inputs, targets, fraction, seed):
    """Samples without and with the share that is held back, as much of every class."""
    classes = targets.tolist() if targets.dtype.kind == "i" else [0] * len(targets)
    groups = {}
    for index, label in enumerate(classes):
        groups.setdefault(label, []).append(index)
    draw = random.Random(seed)
    ranked = []
    for _, members in sorted(groups.items()):
        draw.shuffle(members)
        ranked += [((place + 0.5) / len(members), index) for place, index in enumerate(members)]
    held = np.zeros(len(targets), dtype=bool)
    held[[index for _, index in sorted(ranked)[: round(len(targets) * fraction)]]] = True
    return inputs[~held], targets[~held], inputs[held], targets[held]
'''
IMAGE_MOMENTS = '''
def moments(images, full_scale):
    """Mean and standard deviation of each channel, by counting: no copy of the images as floats."""
    values = torch.arange(256, dtype=torch.float64) / full_scale
    counts = [channel.flatten().bincount(minlength=256) for channel in images.unbind(1)]
    shares = torch.stack(counts).double() / counts[0].sum()
    mean = shares @ values
    std = (shares @ values.square() - mean.square()).clamp(min=0).sqrt()
    std[std == 0] = 1.0
    return mean.float()[:, None, None], std.float()[:, None, None]
'''
TABLE_MOMENTS = '''
def moments(table):
    """Mean and standard deviation of each column; a constant column keeps its values."""
    mean, std = table.double().mean(0), table.double().std(0, correction=0)
    std[std == 0] = 1.0
    return mean.float(), std.float()
'''
EVALUATE = '''
def evaluate(model, criterion, inputs, targets):
    """Mean loss and {metric} over a split."""
    model.eval()
    loss = {metric} = 0.0
    with torch.inference_mode():
        for start in range(0, len(targets), 64):
            batch = inputs[start : start + 64]
            labels = targets[start : start + 64]
            output = model(batch{layout})
            loss += criterion(output, {prepared}).item() * len(batch)
            {metric} += {figure}.sum().item()
    return loss / len(targets), {metric} / len(targets)
'''
VALIDATION = """\
        loss, {metric} = evaluate(model, criterion, *val)
        line += f", val loss {{loss:.4f}}, val {metric} {{{metric}:.4f}}"
"""
TESTED = """
    loss, {metric} = evaluate(model, criterion, *test)
    print(f"test loss {{loss:.4f}}, test {metric} {{{metric}:.4f}}")
"""
MAIN = """
def main():
    torch.manual_seed(SEED)
    model = Net().to(DEVICE{model_layout})
    {splits} = load_data()
    criterion = {criterion}
{optimizer}

    for epoch in range(1, EPOCHS + 1):
        model.train()
        inputs, targets = train
        total = {metric} = 0.0
        generator = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)
        order = torch.randperm(len(targets), generator=generator).to(DEVICE)
        for chosen in order.split({batch_size}):
            batch = inputs[chosen]{layout}
            labels = targets[chosen]
            optimizer.zero_grad()
            output = model(batch)
            loss = criterion(output, {prepared})
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
            {metric} += {figure}.sum().item()
        line = f"epoch {{epoch}}: loss {{total / len(order):.4f}}"
        line += f", {metric} {{{metric} / len(order):.4f}}"
{validation}        print(line)
{tested}
    torch.save(model.state_dict(), "model.pt")


if __name__ == "__main__":
    main()
"""


def generate_program(project: Project) -> Code:
    """`train.py` of a project; lines of the network know their layers.

    Raises:
        UserError: the project has what a program can't tell yet.
    """
    info, recipe = project.data.info(), project.train
    _check_told(project)
    data = project.data.source()
    network = generate(project.model, info.shape)
    before = [
        f'"""Trains a network on {info.title}."""',
        "",
        *_imports(network, data),
        "",
        f"SEED = {recipe.seed}",
        f"EPOCHS = {recipe.epochs}",
        *([] if recipe.batch_size == "all" else [f"BATCH_SIZE = {recipe.batch_size}"]),
        f'DEVICE = "{recipe.device}"',
        "",
        *_load_data(project, info, data),
    ]
    start = next(n for n, line in enumerate(network.text.splitlines()) if line.startswith("class "))
    classes = network.text.splitlines()[start:]
    after = _running(project, info)
    lines = [*before, "", "", *classes, *after]
    owners = [()] * (len(before) + 2) + list(network.owners[start:]) + [()] * len(after)
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
    data, recipe = project.data, project.train
    untold = {
        "preparation": bool(data.prepare),
        "balance of classes": data.balance != "none",
        "folds": data.folds > 1,
        "split without regard to classes": not data.stratify,
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


def _imports(network: Code, data: Source) -> list[str]:
    of_network = [line for line in network.text.splitlines() if re.match("(import|from) ", line)]
    needed = {"import torch", *of_network, *data.imports}
    if any("split(" in line for line in data.lines):
        needed |= {"import random", "import numpy as np"}
    return import_block(needed)


def _load_data(project: Project, info: DatasetInfo, data: Source) -> list[str]:
    """The function that reads the samples, and those that it calls."""
    lines = []
    if any("split(" in line for line in data.lines):
        lines += [*SPLIT.splitlines(), ""]
    if project.data.normalize:
        lines += [*(IMAGE_MOMENTS if info.is_image else TABLE_MOMENTS).splitlines(), ""]
    body = [
        *data.lines,
        "splits = [",
        *(f"    ({split}_inputs, {split}_targets)," for split in SPLITS),
        "]",
        "splits = [tuple(map(torch.from_numpy, arrays)) for arrays in splits]",
        *_prepared(project, info),
    ]
    told = '    """Inputs and targets to train on, to validate and to test."""'
    return [*lines, "", "def load_data():", told, *(f"    {line}" for line in body)]


def _prepared(project: Project, info: DatasetInfo) -> list[str]:
    """From raw samples to what the network gets."""
    scale = f"{info.full_scale:g}"
    values = f"inputs.float() / {scale}" if info.is_image else "inputs.float()"
    moments = []
    if project.data.normalize:
        given = f"splits[0][0], {scale}" if info.is_image else "splits[0][0]"
        moments = [f"mean, std = moments({given})"]
        values = f"({values} - mean) / std"
    return [
        *moments,
        f"splits = [({values}, targets) for inputs, targets in splits]",
        "return [(inputs.to(DEVICE), targets.to(DEVICE)) for inputs, targets in splits]",
    ]


def _running(project: Project, info: DatasetInfo) -> list[str]:
    """`evaluate` and `main`."""
    recipe, loss = project.train, project.train.loss
    images = any(layer.kind == "Conv2d" for _, layer in project.model.nested())
    is_class = info.task == "classification"
    predicted = loss.predicted_source("output", info)
    optimizer = recipe.optimizer.source("model.parameters()", recipe.lr)
    values = {
        "metric": "accuracy" if is_class else "error",
        "figure": f"({predicted} == labels)" if is_class else f"({predicted} - labels).abs()",
        "prepared": loss.targets_source("labels", info),
        "criterion": loss.source(),
        "optimizer": "\n".join(statement(f"optimizer = {optimizer}", 4)),
        "batch_size": "len(order)" if recipe.batch_size == "all" else "BATCH_SIZE",
        "layout": ".contiguous(memory_format=torch.channels_last)" if images else "",
        "model_layout": ", memory_format=torch.channels_last" if images else "",
    }
    values["validation"] = VALIDATION.format(**values) if info.sizes["val"] else ""
    values["tested"] = TESTED.format(**values) if info.sizes["test"] else ""
    used = ("train", *(split if info.sizes[split] else f"_{split}" for split in SPLITS[1:]))
    values["splits"] = ", ".join(used)
    is_measured = values["validation"] or values["tested"]
    measured = "\n" + EVALUATE.format(**values) if is_measured else ""
    return (measured + "\n" + MAIN.format(**values)).splitlines()


def files_beside(project: Project) -> Sequence[tuple[str, bytes]]:
    """Names and contents of the files that the program expects beside itself.

    Raises:
        UserError: one of them is missing or unreadable.
    """
    return [(path.name, read_bytes(path)) for path in project.data.source().files]
