"""The rows of the network: layers, and the stacks in blocks, as a tree."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from workbench.core.block import BlockSpec
from workbench.core.costs import Costs, amount, sight_text, size
from workbench.core.layer import counted, shape_text
from workbench.core.walk import Path, Step
from workbench.ui.text import sentence, tr

_numbers = count(1)


@dataclass(eq=False)
class Node:
    """A row: the input, a layer, or one of several stacks of a block."""

    title: str
    step: Step | None = None
    stack: Path | None = None
    """The path in front of its children's own numbers; None if it takes no layers."""
    parent: "Node | None" = None
    row: int = 0
    children: list["Node"] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_numbers))

    def looks_unlike(self, other: "Node") -> bool:
        """Whether its row has to be drawn anew to show the other node."""
        a, b = self.step, other.step
        if a is None or b is None:  # the input tells of the data, a stack whether it is empty
            return self.stack is None or bool(self.children) != bool(other.children) or a is not b
        return a.layer is not b.layer or _figures(a) != _figures(b)

    def add(self, child: "Node") -> "Node":
        """Take a child behind the others."""
        child.parent, child.row = self, len(self.children)
        self.children.append(child)
        return child


def _figures(step: Step) -> tuple[object, ...]:
    fault = sentence(step.fault) if step.fault else ""
    return step.in_shape, step.out_shape, step.parameters, fault


def tree_of(steps: Sequence[Step]) -> Node:
    """The rows of a walk below a root."""
    root = Node("", stack=())
    root.add(Node(tr("Input")))
    at: dict[Path, Node] = {(): root}
    for step in steps:
        node = at[step.path[:-1]].add(Node(step.layer.name, step))
        if isinstance(step.layer, BlockSpec):
            _open_stacks(node, step.layer, step.path, at)
    return root


def _open_stacks(node: Node, block: BlockSpec, path: Path, at: dict[Path, Node]) -> None:
    if len(block.stacks) == 1:
        node.stack = (*path, 0)
        at[node.stack] = node
        return
    for number, title in enumerate(block.titles):
        at[*path, number] = node.add(Node(tr(title), stack=(*path, number)))


def told(step: Step) -> str:
    """A card in words, for screen readers and tooltips."""
    layer = step.layer
    if step.fault:
        return f"{layer.kind} {layer.name} {sentence(step.fault)}"
    words = [f"{layer.kind} {layer.name}", layer.words()]
    words.append(tr("output {shape}", shape=shape_text(step.out_shape)))
    if step.parameters:
        words.append(counted(step.parameters, tr("parameter"), tr("parameters")))
    return ", ".join(word for word in words if word)


def told_costs(step: Step, costs: Costs) -> list[str]:
    """What a layer costs, in lines."""
    cost = costs.layers.get(step.path)
    if cost is None:
        return []
    lines = []
    if cost.multiply_adds:
        lines.append(tr("{count} multiply-adds", count=amount(cost.multiply_adds)))
    lines.append(
        tr(
            "{alive} alive while it runs, {saved} kept for training (batch {batch})",
            alive=size(cost.forward),
            saved=size(cost.saved),
            batch=costs.batch,
        )
    )
    seen = sight_text(cost.sight, step.in_shape)
    return [*lines, tr("receptive field {seen}", seen=tr(seen))]
