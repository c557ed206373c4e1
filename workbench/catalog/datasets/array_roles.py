"""What arrays are for, by their names: `X_train` and `y_train`, `t10k-images` and `t10k-labels`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from workbench.catalog.datasets.array_files import Held
from workbench.catalog.datasets.splitting import SPLIT_WORDS
from workbench.core.data import SPLITS, Split

WORDS: dict[str, Split] = {**SPLIT_WORDS, "t10k": "test"}
"""Of splits; the last is MNIST's own."""
INPUTS = frozenset(("x", "input", "inputs", "image", "images", "img", "imgs", "data", "features"))
TARGETS = frozenset(("y", "target", "targets", "label", "labels", "class", "classes", "output"))
Role = Literal["inputs", "targets", ""]


class Called(NamedTuple):
    """What a name says: which split it is of, what it holds, and the words that say neither."""

    split: Split | None
    role: Role
    rest: tuple[str, ...]


class Pair(NamedTuple):
    """The arrays of a split; without targets they are the last column of the inputs."""

    inputs: Held
    targets: Held | None


def called(name: str) -> Called:
    """What a name says of its array."""
    words = re.findall(r"t10k|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    words = [part for word in words for part in _parted(word.lower())]
    split = next((WORDS[word] for word in words if word in WORDS), None)
    role: Role = ""
    if TARGETS.intersection(words):
        role = "targets"
    elif INPUTS.intersection(words):
        role = "inputs"
    known = WORDS.keys() | INPUTS | TARGETS
    return Called(split, role, tuple(word for word in words if word not in known))


def _parted(word: str) -> Sequence[str]:
    """`xtrain` as `x` and `train`."""
    for letter in "xy":
        if word.startswith(letter) and word[1:] in SPLIT_WORDS:
            return [letter, word[1:]]
        if word.endswith(letter) and word[:-1] in SPLIT_WORDS:
            return [word[:-1], letter]
    return [word]


def paired(arrays: Sequence[Held]) -> dict[Split, Pair]:
    """The inputs and targets of each split, as far as names or shapes tell; samples of no split
    are for training. Empty if nothing is told."""
    pairs: dict[Split, Pair] = {}
    for split in SPLITS:
        inputs = next(_of(arrays, split, "inputs"), None)
        targets = next(_of(arrays, split, "targets"), None)
        if inputs and targets:
            pairs[split] = Pair(inputs, targets)
    return pairs if "train" in pairs else _by_shape(arrays)


def _of(arrays: Iterable[Held], split: Split, role: Role) -> Iterator[Held]:
    for array in arrays:
        found = called(array.name)
        if found.role == role and (found.split or "train") == split:
            yield array


def _by_shape(arrays: Sequence[Held]) -> dict[Split, Pair]:
    """Two arrays of as many samples: targets are the one with a number for each; a table alone
    holds its targets in its last column."""
    if len(arrays) == 1 and len(arrays[0].shape) == 2:
        return {"train": Pair(arrays[0], None)}
    if len(arrays) == 2:
        wide, narrow = sorted(arrays, key=lambda held: held.is_targets)
        if narrow.is_targets and wide.shape and wide.shape[0] == narrow.shape[0]:
            return {"train": Pair(wide, narrow)}
    return {}
