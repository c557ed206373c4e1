"""What the variables of a forward hold, while it is followed."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.core.code_values import Item, Unsayable
from workbench.core.layer import LayerSpec

SHORTCUTS = ("identity", "shortcut", "residual", "skip")
LARGE = (1_000_000,) * 3
Stack = tuple[Item, ...]


@dataclass(eq=False)
class Flow:
    """What a variable of a forward holds: the output of one layer behind another flow."""

    parent: Flow | None = None
    item: Item | None = None

    def behind(self, item: Item) -> Flow:
        """This flow through one more layer."""
        return Flow(self, item)

    def line(self) -> list[Flow]:
        """The flows from the input to this one."""
        found: list[Flow] = [self]
        while found[-1].parent:
            found.append(found[-1].parent)
        return found[::-1]

    def since(self, start: Flow) -> Stack:
        """The layers from another flow to this one."""
        line = self.line()
        return tuple(flow.item for flow in line[line.index(start) + 1 :] if flow.item)


@dataclass(frozen=True)
class States:
    """What a recurrent layer or an attention gives: (output, states)."""

    flow: Flow
    is_final: bool = False
    """Whether it stands for the second of the two."""


@dataclass(frozen=True)
class Size:
    """The shape of a flow."""


@dataclass(frozen=True)
class Step:
    """`h_n[-1]`."""

    states: States
    index: str


def both_ways(flow: Flow) -> bool:
    """Whether the layer of a flow reads a sequence in both directions."""
    return bool(flow.item and getattr(flow.item.spec, "bidirectional", False))


def at_last_step(flow: Flow) -> Flow:
    """The same recurrent layer, of which only the last step comes out."""
    item, parent = flow.item, flow.parent
    assert item
    assert parent
    last = item.spec.replace(output="last step")
    return parent.behind(Item(last, item.name, item.module, item.stacks, item.claims))


def check_once(stack: Stack) -> None:
    """See that nothing that learns is called twice, and no call stands in two places."""
    items = [item for each in stack for item in each.every()]
    seen: set[int] = set()
    for item in items:
        if id(item) in seen:
            raise Unsayable("an output is used in places that do not lie in one another")
        seen.add(id(item))
        if item.module is not None and _learns(item):
            if id(item.module) in seen:
                raise Unsayable(
                    f"{item.name or item.spec.kind} is used twice with the same weights"
                )
            seen.add(id(item.module))


def _learns(item: Item) -> bool:
    if item.stacks is not None:
        return any(_learns(inner) for stack in item.stacks for inner in stack)
    if item.spec.verbatim or item.spec.category == "Normalization":
        return True
    return item.spec.parameter_count(LARGE) > 0


def joined(flows: Sequence[Flow]) -> tuple[Flow, list[Stack]]:
    """Where flows part, and the layers of each since then."""
    lines = [flow.line() for flow in flows]
    start = lines[0][0]
    for place in zip(*lines, strict=False):
        if any(each is not place[0] for each in place):
            break
        start = place[0]
    return start, [flow.since(start) for flow in flows]


def branches(flows: Sequence[Flow], merge: str, dim: int = 1) -> Flow:
    """Flows that are joined as equals."""
    start, stacks = joined(flows)
    spec = LayerSpec.named("Branches").model_validate(
        {"branches": [()] * len(flows), "merge": merge, "dim": dim}
    )
    return start.behind(Item(spec, stacks=tuple(stacks)))


def concatenated(line: int, args: list[Any], keywords: dict[str, Any]) -> Flow:
    """`torch.cat` of flows, or of the last steps of both ways of a recurrent layer."""
    parts = args[0] if args else keywords.get("tensors", ())
    dim = args[1] if len(args) > 1 else keywords.get("dim", 0)
    if parts and all(isinstance(part, Step) for part in parts):
        steps = [part.index for part in parts]
        if steps == ["-2", "-1"] and dim in (1, -1):
            return at_last_step(parts[0].states.flow)
    if not parts or not all(isinstance(part, Flow) for part in parts) or dim == 0:
        raise Unsayable(f"line {line} joins what are no branches of one sample")
    return branches(list(parts), "concatenate", dim)


def residual(flows: Sequence[Flow], words: Sequence[str]) -> Flow:
    """A sum of two flows, of which the names tell which one is the shortcut."""
    start, (layers, shortcut) = joined(flows)
    hinted = [word.startswith(SHORTCUTS) for word in words]
    if hinted == [True, False] or (hinted[0] == hinted[1] and not layers):
        layers, shortcut = shortcut, layers
    return start.behind(Item(LayerSpec.named("Residual")(), stacks=(layers, shortcut)))


def are_branches(words: Sequence[str], target: str) -> bool:
    """Whether the names in a sum of two, and that of the sum, tell of branches: a branch is not
    added to itself, but a residual within one is."""
    if any(word.startswith(SHORTCUTS) for word in words):
        return False
    if words[0] == target and target.startswith("branch"):
        return words[1].startswith(f"{target}_")
    return any(word.startswith("branch") for word in words)


def only_target(node: ast.stmt) -> str | None:
    """The one name that a statement assigns to, if it is such a one."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AugAssign):
        target = node.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None
