"""Mending the first fault of a network: edits are tried by plain arithmetic, the best are offered.

What can be tried is the catalogue's to say (`workbench.catalog.repairs`); which of it is offered
is decided here: an edit that leaves no fault goes before one that leaves a later fault, then the
smaller edit goes first, then the one that changes the number of parameters least.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from workbench.core.block import BlockSpec
from workbench.core.layer import Fix, LayerSpec, Shape
from workbench.core.model import Layers, put
from workbench.core.project import Project
from workbench.core.walk import Path, Step, in_stack, walk

MOST_OFFERS = 3
# What a change of a network counts: an argument is changed sooner than a layer is put in, and
# taking away what somebody wanted is the last way out.
ARGUMENT, INSERTED, OTHER_KIND, REMOVED = 1, 2, 3, 5


@dataclass(frozen=True)
class Edit:
    """The layers of `fix` in place of the layer at `path`, or of as many from there on as `span`
    says."""

    path: Path
    fix: Fix
    span: int = 1


@dataclass(frozen=True)
class Fault:
    """A faulty step of a project's walk."""

    project: Project
    steps: Sequence[Step]
    step: Step

    @property
    def layer(self) -> LayerSpec:
        """The faulty layer."""
        return self.step.layer

    @property
    def came(self) -> Shape:
        """The shape that it gets."""
        return self.step.in_shape or ()

    @property
    def is_output(self) -> bool:
        """Whether the layer itself is fine, and the network's output is not what the loss wants."""
        return self.step.out_shape is not None

    @property
    def before(self) -> list[Step]:
        """The steps in front of it in its stack, the nearest first."""
        stack = in_stack(self.steps, self.step.path[:-1])
        return [step for step in reversed(stack) if step.path < self.step.path]

    def instead(self, label: str, *layers: LayerSpec, **values: Any) -> Edit:
        """These layers in place of the faulty one; `values` fill the label."""
        return Edit(self.step.path, Fix(label, layers, **values))


@dataclass(frozen=True)
class Offer:
    """An edit that mends the fault, and what comes of it."""

    fix: Fix
    change: Callable[[], Project]
    """Makes the project with the edit: only what is taken is made."""
    out_shape: Shape | None
    """The shape behind the mended place."""
    parameters: int
    """How many parameters the network up to there gains or, below 0, loses."""
    faults: int
    """How many faults are left."""

    @cached_property
    def project(self) -> Project:
        """The project with the edit made."""
        return self.change()


@dataclass(frozen=True)
class _Trial:
    edit: Edit
    layers: Layers
    steps: list[Step] = field(repr=False)
    moved_on: bool
    """Whether there is a later fault instead of the one that is gone."""
    cost: int
    parameters: int
    out_shape: Shape | None

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.moved_on, self.cost, abs(self.parameters)


def ranked(fault: Fault, edits: Iterable[Edit], most: int = MOST_OFFERS) -> list[Offer]:
    """The best of these edits, the very best first; of those that come to the same, the first."""
    tried: list[Layers] = [fault.project.model.layers]
    trials: list[_Trial] = []
    own = fault.step.fault.fixes[:1] if fault.step.fault else ()
    for edit in edits:
        layers = put(fault.project.model.layers, edit.path, edit.fix.layers, edit.span)
        if layers and layers not in tried:
            tried.append(layers)
            # what a layer itself says first is put a little to the front
            trial = _tried(fault, edit, layers, bonus=any(edit.fix is fix for fix in own))
            trials += [trial] if trial else []
    best = sorted(trials, key=lambda trial: trial.rank)[:most]
    return [_offer(fault, trial) for trial in best]


def _offer(fault: Fault, trial: _Trial) -> Offer:
    left = sum(step.fault is not None for step in trial.steps)
    change = partial(_made, fault.project, trial.edit)
    return Offer(trial.edit.fix, change, trial.out_shape, trial.parameters, left)


def _made(project: Project, edit: Edit) -> Project:
    *stack, at = edit.path
    others = project.model.removed([(*stack, at + more) for more in range(1, edit.span)])
    return project.replace(model=others.swapped(edit.path, edit.fix.layers))


def _tried(fault: Fault, edit: Edit, layers: Layers, bonus: bool) -> _Trial | None:
    """The edit made, or None if it does not mend the fault."""
    place = _place(fault, edit)
    apart = {step.path for step in fault.steps if step.fault and _is_apart(step.path, edit.path)}
    end = max(place[0] + 1, edit.path[0])
    so_far = _walked_to(fault, edit, layers, end)
    at = [step for step in fault.steps if step.path[0] <= fault.step.path[0]]
    if _left(so_far, apart) >= _left(at, apart):
        return None  # as most edits do: the rest of a large network need not be walked for them
    steps = _walked_on(fault, so_far, layers, end)
    here, left = _left(fault.steps, apart), _left(steps, apart)
    before = _parameters(fault.steps, fault.step.path[: len(place)])
    return _Trial(
        edit,
        layers,
        steps,
        moved_on=len(left) >= len(here),
        cost=cost(_there(fault, edit), edit.fix.layers) - bonus,
        parameters=_parameters(steps, place) - before,
        out_shape=_behind(steps, place, fault),
    )


def _walked_to(fault: Fault, edit: Edit, layers: Layers, end: int) -> list[Step]:
    """The walk through the first layers: what stands in front of the edit is as it was, except
    that the layer there may now be the last one."""
    first = max(edit.path[0] - 1, 0)
    start = next(step for step in fault.steps if step.path == (first,))
    walked = walk(layers[first:end], start.in_shape, first=first)
    steps = [*(step for step in fault.steps if step.path < (first,)), *walked]
    return fault.project.checked(steps) if end >= len(layers) else steps


def _walked_on(fault: Fault, steps: list[Step], layers: Layers, end: int) -> list[Step]:
    if end >= len(layers):
        return steps
    shape = next((s.out_shape for s in reversed(steps) if not s.depth), fault.came)
    return fault.project.checked([*steps, *walk(layers[end:], shape, first=end)])


def _there(fault: Fault, edit: Edit) -> Layers:
    stack = in_stack(fault.steps, edit.path[:-1])
    return tuple(s.layer for s in stack if 0 <= s.path[-1] - edit.path[-1] < edit.span)


def _is_apart(path: Path, edited: Path) -> bool:
    """Whether what is there comes before an edit, so that the edit changes nothing of it."""
    return path < edited and edited[: len(path)] != path


def _left(steps: Sequence[Step], apart: set[Path]) -> list[tuple[int, int, bool]]:
    """How much of the walk lies behind each fault, the most first; of a block and what it holds
    the block comes last, and what is wrong with a layer's output comes behind the layer."""
    faulty = [step for step in steps if step.fault and step.path not in apart]
    places = ((_behind_it(steps, s.path), s.depth, s.out_shape is None) for s in faulty)
    return sorted(places, reverse=True)


def _behind_it(steps: Sequence[Step], path: Path) -> int:
    inside = (number for number, s in enumerate(steps) if s.path[: len(path)] == path)
    return len(steps) - max(inside)


def _place(fault: Fault, edit: Edit) -> Path:
    """Where the faulty layer, or the last of what stands for it, is behind the edit."""
    depth = len(edit.path)
    stack, at = edit.path[:-1], fault.step.path[depth - 1 : depth]
    if fault.step.path[: depth - 1] != stack or not at:
        return fault.step.path  # somewhere inside the block that is the faulty one
    # behind what replaces it, or moved by what stands in front of it
    end = max(at[0], edit.path[-1] + edit.span - 1)
    return (*stack, end + len(edit.fix.layers) - edit.span)


def _parameters(steps: Sequence[Step], place: Path) -> int:
    """Of the layers of the stack of `place`, up to there."""
    return sum(s.parameters for s in in_stack(steps, place[:-1]) if s.path <= place)


def _behind(steps: Sequence[Step], place: Path, fault: Fault) -> Shape | None:
    found = next((step for step in steps if step.path == place), None)
    return found.out_shape if found else fault.came  # the first of its stack was taken away


def cost(before: Layers, after: Layers) -> int:
    """How large the edit is that makes one row of layers of another."""
    head = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if head is None:
        head = min(len(before), len(after))
    before, after = before[head:], after[head:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    left, told = list(after), 0
    unlike: list[LayerSpec] = []
    for layer in before:
        alike = next((n for n, other in enumerate(left) if type(other) is type(layer)), None)
        if alike is None:
            unlike.append(layer)
        else:
            told += _cost_of_change(layer, left.pop(alike))
    told += sum(_cost_of_change(a, b) for a, b in zip(unlike, left, strict=False))
    gone = sum(map(_count, unlike[len(left) :]))
    return told + REMOVED * gone + INSERTED * len(left[len(unlike) :])


def _cost_of_change(before: LayerSpec, after: LayerSpec) -> int:
    if type(before) is not type(after):
        return OTHER_KIND * _count(before)
    if isinstance(before, BlockSpec) and isinstance(after, BlockSpec):
        stacks = zip(before.stacks, after.stacks, strict=False)
        own = len(before.stacks) != len(after.stacks) or before.with_stacks(after.stacks) != after
        return ARGUMENT * own + sum(cost(a, b) for a, b in stacks)
    names = type(before).model_fields
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return ARGUMENT * len(changed)


def _count(layer: LayerSpec) -> int:
    """A layer, and all that it holds."""
    if not isinstance(layer, BlockSpec):
        return 1
    return 1 + sum(_count(inner) for stack in layer.stacks for inner in stack)
