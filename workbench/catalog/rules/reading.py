"""How rules read a walk: rows of layers, neighbours, and the layers at the network's end."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec
from workbench.core.walk import Path, Step, in_stack

NORMS_OVER_BATCH = ("BatchNorm1d", "BatchNorm2d")
MIXING = ("Linear", "Convolution", "Recurrent", "Attention", "Embedding", "Backbones")
DROPOUTS = ("Dropout", "Dropout2d")
PROBABILITIES = ("Softmax", "LogSoftmax")
RECURRENT = ("RNN", "LSTM", "GRU")


def rows(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps stack by stack, each in its order."""
    stacks: dict[Path, list[Step]] = {}
    for step in steps:
        stacks.setdefault(step.path[:-1], []).append(step)
    return list(stacks.values())


def neighbours(steps: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """Layers of a stack that follow one another."""
    for row in rows(steps):
        yield from pairwise(row)


def leaves(steps: Sequence[Step]) -> list[Step]:
    """The layers that are no blocks and whose shapes are known."""
    return [s for s in steps if s.out_shape is not None and not isinstance(s.layer, BlockSpec)]


def first_leaf(steps: Sequence[Step]) -> Step | None:
    """The layer that gets the data; None where several do."""
    first = steps[0] if steps else None
    while first and isinstance(first.layer, BlockSpec):
        if len(first.layer.stacks) > 1:
            return None
        inner = in_stack(steps, (*first.path, 0))
        first = inner[0] if inner else None
    return first


def tail(steps: Sequence[Step]) -> Iterator[Step]:
    """The layers at the network's end, the last one first, up to a block that joins stacks."""
    yield from _tail(steps, ())


def _tail(steps: Sequence[Step], stack: Path) -> Iterator[Step]:
    for step in reversed(in_stack(steps, stack)):
        if step.in_shape is None:
            return
        if not isinstance(step.layer, BlockSpec):
            yield step
        elif len(step.layer.stacks) == 1:
            yield from _tail(steps, (*step.path, 0))
            return  # what stands in front of a group is seldom its business
        else:
            return


def end(steps: Sequence[Step]) -> list[Step]:
    """The layers behind the last one with weights of its own other than a normalization."""
    found: list[Step] = []
    for step in tail(steps):
        if mixes(step.layer):
            break
        found.append(step)
    return found


def last(steps: Sequence[Step]) -> Step | None:
    """The last layer that changes values: reshaping and dropout are passed over."""
    passed = (*DROPOUTS, "Flatten", "Identity", "Unflatten", "Permute")
    return next((step for step in tail(steps) if step.layer.kind not in passed), None)


def mixes(layer: LayerSpec) -> bool:
    """Whether it computes weighted sums of its input."""
    return layer.category in MIXING


def is_linear(layer: LayerSpec) -> bool:
    """Whether it is nothing but a weighted sum."""
    return layer.category in ("Linear", "Convolution")


def is_activation(layer: LayerSpec) -> bool:
    """Whether it bends each value by itself."""
    return layer.category == "Activation" and layer.kind not in PROBABILITIES


def hidden(steps: Sequence[Step]) -> list[Step]:
    """The layers with weighted sums, in order."""
    return [step for step in leaves(steps) if mixes(step.layer)]
