"""The receptive field: how much of the input one output depends on.

Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019. The
effect of a stack is an affine map per axis, so that blocks in blocks are put together from their
parts; of several branches the field is the smallest range that holds all of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from workbench.core.block import BlockSpec
from workbench.core.layer import Window
from workbench.core.walk import Path, Step


@dataclass(frozen=True)
class Axis:
    """What one output sees along an axis: from `before` inputs in front of its own place to
    `behind` ones after it; the next output sees the same `jump` inputs further."""

    before: float = 0
    behind: float = 0
    jump: float = 1

    @property
    def size(self) -> int:
        """How many inputs that are."""
        return ceil(1 + self.before + self.behind)

    def then(self, other: "Axis") -> "Axis":
        """What is seen through this and then `other`."""
        return Axis(
            self.before + self.jump * other.before,
            self.behind + self.jump * other.behind,
            self.jump * other.jump,
        )


Sight = tuple[Axis, ...] | None
"""The axes behind the channels; none of them where an output sees its own place only, None where
it sees the whole input."""

OWN_PLACE: Sight = ()


def then(first: Sight, second: Sight) -> Sight:
    """What is seen through two parts in a row."""
    if first is None or second is None:
        return None
    if not first or not second:
        return first or second
    if len(first) != len(second):  # the axes were made anew: which one is which is not known
        return None
    return tuple(a.then(b) for a, b in zip(first, second, strict=True))


def beside(sights: Sequence[Sight]) -> Sight:
    """What is seen through branches that are joined."""
    known = [sight for sight in sights if sight]
    if None in sights or len({len(sight) for sight in known}) > 1:
        return None
    if not known:
        return OWN_PLACE
    own = len(known) < len(sights)
    return tuple(_widest([*axes, *([Axis()] if own else [])]) for axes in zip(*known, strict=True))


def _widest(axes: Sequence[Axis]) -> Axis:
    before, behind = (max(getattr(axis, name) for axis in axes) for name in ("before", "behind"))
    return Axis(before, behind, max(axis.jump for axis in axes))


def _axis(window: Window) -> Axis:
    before, jump = window.padding, window.stride / window.growth
    return Axis(before, window.reach - 1 - before, jump)


def sights(stacks: Mapping[Path, Sequence[Step]]) -> dict[Path, Sight]:
    """What the layers of a walk see of the network's input, a block as its output; `stacks` are
    its steps by the stack in which they stand. Layers that are repeated: those of the first
    round."""
    found: dict[Path, Sight] = {}
    _through(stacks, (), OWN_PLACE, found)
    return found


def _through(
    stacks: Mapping[Path, Sequence[Step]], at: Path, above: Sight, found: dict[Path, Sight]
) -> Sight:
    """What is seen through one stack of its own input; `above` is what that input sees."""
    seen = OWN_PLACE
    for step in stacks.get(at, ()):
        if step.in_shape is None:
            break
        own = _of_step(stacks, step, then(above, seen), found)
        if step.out_shape is None:
            break
        seen = then(seen, own)
        found[step.path] = then(above, seen)
    return seen


def _of_step(
    stacks: Mapping[Path, Sequence[Step]], step: Step, above: Sight, found: dict[Path, Sight]
) -> Sight:
    if not isinstance(step.layer, BlockSpec):
        if step.out_shape is None:
            return OWN_PLACE
        windows = step.layer.windows(step.in_shape or ())
        return None if windows is None else tuple(map(_axis, windows))
    inside = [
        _through(stacks, (*step.path, number), above, found)
        for number in range(len(step.layer.stacks))
    ]
    seen = once = beside(inside)
    for _ in range(step.layer.rounds - 1):
        seen = then(seen, once)
    return seen
