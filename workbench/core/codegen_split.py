"""How samples are parted, as Python: what `DatasetSpec.validating` and `held_back` do."""

from collections.abc import Iterator

from workbench.core.data import SPLITS, DatasetSpec, Split
from workbench.core.source import Source

SHUFFLED = '''
def shuffled(targets, seed):
    """The samples of each class in an order that is drawn."""
    groups = {}
    for index, label in enumerate(targets.tolist()):
        groups.setdefault(label, []).append(index)
    draw = random.Random(seed)
    for _, members in sorted(groups.items()):
        draw.shuffle(members)
        yield members
'''
SHUFFLED_ALL = '''
def shuffled(targets, seed):
    """All samples in an order that is drawn."""
    order = list(range(len(targets)))
    random.Random(seed).shuffle(order)
    return [order]
'''
PARTED = '''
def parted(inputs, targets, chosen):
    """Samples without and with the chosen ones."""
    held = np.zeros(len(targets), dtype=bool)
    held[chosen] = True
    return inputs[~held], targets[~held], inputs[held], targets[held]
'''
SPLIT = '''
def split(inputs, targets, fraction, seed):
    """Samples without and with the share that is held back, as much of every class."""
    ranked = []
    for members in shuffled(targets, seed):
        ranked += [((place + 0.5) / len(members), index) for place, index in enumerate(members)]
    chosen = [index for _, index in sorted(ranked)[: round(len(targets) * fraction)]]
    return parted(inputs, targets, chosen)
'''
SPLIT_ALL = '''
def split(inputs, targets, fraction, seed):
    """Samples without and with the share that is held back."""
    (order,) = shuffled(targets, seed)
    return parted(inputs, targets, order[: round(len(targets) * fraction)])
'''
FOLD = '''
def fold(inputs, targets, number, folds, seed):
    """Samples without and with those of one of the parts that all are dealt into."""
    order = [index for members in shuffled(targets, seed) for index in members]
    return parted(inputs, targets, order[number - 1 :: folds])
'''


def used_splits(data: DatasetSpec) -> list[Split]:
    """The splits that have samples."""
    return [split for split in SPLITS if data.info().sizes[split]]


def split_source(data: DatasetSpec, given: tuple[Split, ...]) -> Source:
    """Lines that take what is not `given` out of `inputs` and `targets`, so that there are
    `train_inputs`, `train_targets` and so on for all splits with samples."""
    if len(given) == len(SPLITS):
        return Source(())
    used, lines = used_splits(data), []
    if "test" in used and "test" not in given:
        share = data.argument("test_fraction")
        lines.append(
            "inputs, targets, test_inputs, test_targets = "
            f"split(inputs, targets, {share!r}, seed={data.split_seed})"
        )
    if "val" in used and "val" not in given:
        way = f"split(inputs, targets, {data.val_fraction!r}"
        if data.folds > 1:
            way = f"fold(inputs, targets, {data.fold}, folds={data.folds}"
        lines.append(
            f"train_inputs, train_targets, val_inputs, val_targets = {way}, seed={data.split_seed})"
        )
    else:
        lines.append("train_inputs, train_targets = inputs, targets")
    told = "\n".join(lines)
    if "seed" not in told:
        return Source(tuple(lines))
    functions = tuple(_functions(data, told))
    return Source(tuple(lines), ("import random", "import numpy as np"), functions=functions)


def _functions(data: DatasetSpec, told: str) -> Iterator[str]:
    """Those that the lines call, each behind those that it calls."""
    by_class = data.stratify and data.info().task == "classification"
    yield SHUFFLED if by_class else SHUFFLED_ALL
    yield PARTED
    if "split(" in told:
        yield SPLIT if by_class else SPLIT_ALL
    if "fold(" in told:
        yield FOLD
