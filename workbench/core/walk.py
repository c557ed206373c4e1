"""The walk through a network: every layer joined to its shapes, by plain arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, Shape, ShapeError

Path = tuple[int, ...]
"""Where a layer stands: `(3,)` is the network's fourth layer, `(3, 0, 2)` the third one in the
first stack of the block there."""


@dataclass(frozen=True)
class Step:
    """One layer on the walk; shapes behind a fault are not known. The figures of a block are the
    sums over its layers, in all its rounds; those of its layers are of the first round."""

    path: Path
    layer: LayerSpec
    in_shape: Shape | None
    out_shape: Shape | None = None
    parameters: int = 0
    multiply_adds: int = 0
    fault: ShapeError | None = None

    @property
    def depth(self) -> int:
        """In how many blocks it lies."""
        return len(self.path) // 2


def walk(
    layers: Sequence[LayerSpec], in_shape: Shape | None, at: Path = (), first: int = 0
) -> list[Step]:
    """The layers of a stack, each block before what it holds; `at` is the stack's own path, and
    `first` the place in it of the first of these layers."""
    steps: list[Step] = []
    shape = in_shape
    for index, layer in enumerate(layers, first):
        path = (*at, index)
        if isinstance(layer, BlockSpec):
            found = _walk_block(path, layer, shape)
        else:
            found = [_step(path, layer, shape)]
        shape = found[0].out_shape
        steps += found
    return steps


def in_stack(steps: Sequence[Step], at: Path = ()) -> list[Step]:
    """Of a walk, the steps that stand in one stack, without those in its blocks."""
    return [step for step in steps if step.path[:-1] == at]


def _step(path: Path, layer: LayerSpec, in_shape: Shape | None) -> Step:
    if in_shape is None:
        return Step(path, layer, None)
    try:
        out_shape = layer.out_shape(in_shape)
    except ShapeError as fault:
        return Step(path, layer, in_shape, fault=fault)
    parameters, work = layer.parameter_count(in_shape), layer.multiply_adds(in_shape)
    return Step(path, layer, in_shape, out_shape, parameters, work)


def _walk_block(path: Path, block: BlockSpec, in_shape: Shape | None) -> list[Step]:
    shape, parameters, work = in_shape, 0, 0
    fault: ShapeError | None = None
    shown = steps = _walk_stacks(path, block, in_shape)
    for number in range(1, block.rounds + 1):
        if number > 1:
            steps = _walk_stacks(path, block, shape)
        out_shape, fault = _join(path, block, shape, steps)
        if number > 1:
            fault = fault or _fault_of_round(number, steps)
        # what keeps its input's shape goes on like this
        alike = block.rounds + 1 - number if out_shape == shape else 1
        parameters += alike * sum(step.parameters for step in _own(path, steps))
        work += alike * sum(step.multiply_adds for step in _own(path, steps))
        shape = out_shape
        if shape is None or alike > 1:
            break
    return [Step(path, block, in_shape, shape, parameters, work, fault), *shown]


def _walk_stacks(path: Path, block: BlockSpec, in_shape: Shape | None) -> list[Step]:
    numbered = enumerate(block.stacks)
    return [step for n, stack in numbered for step in walk(stack, in_shape, (*path, n))]


def _join(
    path: Path, block: BlockSpec, in_shape: Shape | None, steps: Sequence[Step]
) -> tuple[Shape | None, ShapeError | None]:
    shapes = []
    for number in range(len(block.stacks)):
        stack = in_stack(steps, (*path, number))
        shapes.append(stack[-1].out_shape if stack else in_shape)
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None, None  # a layer inside has the fault
    try:
        return block.joined_shape(known), None
    except ShapeError as fault:
        return None, fault


def _own(path: Path, steps: Sequence[Step]) -> list[Step]:
    """The steps of the block's own layers, without those in their blocks."""
    return [step for step in steps if len(step.path) == len(path) + 2]


def _fault_of_round(number: int, steps: Sequence[Step]) -> ShapeError | None:
    """A fault that only a later round has, as one of the block."""
    step = next((step for step in steps if step.fault), None)
    if step is None or step.fault is None:
        return None
    if "round" in step.fault.values:  # of a repeated block in the block, and told already
        return step.fault
    return ShapeError(
        "can't be repeated: in round {round}, {layer} " + step.fault.message,
        round=number,
        layer=step.layer.name,
        **step.fault.values,
    )
