"""Edits for blocks whose stacks give shapes that don't fit together."""

from collections.abc import Iterator, Sequence

from workbench.catalog.layers.reshape import Flatten
from workbench.catalog.repairs.arguments import changed_in
from workbench.catalog.repairs.shapes import pooling
from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, Shape
from workbench.core.repair import Edit, Fault
from workbench.core.walk import in_stack, walk

_AS_IN = ("take the channels of the first stack", "take the channels of another stack")

Stacks = tuple[tuple[LayerSpec, ...], ...]


def other_joins(fault: Fault) -> Iterator[Edit]:
    """The stacks of the faulty block brought to one shape."""
    block = fault.layer
    if not isinstance(block, BlockSpec):
        return
    shapes = _shapes(fault, block)
    for label, stacks in _mended(block, shapes, fault.came):
        if stacks != block.stacks:
            yield fault.instead(label, block.with_stacks(stacks))
    padded = block.with_stacks([tuple(map(_kept, stack)) for stack in block.stacks])
    left = walk([padded], fault.came)[0].fault
    if left and left.fixes:
        yield fault.instead(
            "keep sizes by padding and " + left.fixes[0].label,
            *left.fixes[0].layers,
            **left.fixes[0].values,
        )
    if len(block.stacks) > 1:
        yield fault.instead("keep the first stack only", *block.stacks[0])


def _shapes(fault: Fault, block: BlockSpec) -> list[Shape]:
    """The shape behind each stack."""
    ends = (in_stack(fault.steps, (*fault.step.path, n)) for n in range(len(block.stacks)))
    return [(end[-1].out_shape if end else None) or fault.came for end in ends]


def _mended(block: BlockSpec, shapes: Sequence[Shape], came: Shape) -> Iterator[tuple[str, Stacks]]:
    yield "keep sizes by padding", tuple(tuple(map(_kept, stack)) for stack in block.stacks)
    if block.rounds > 1:
        yield "keep the number of channels", (_like(block.stacks[0], came, shapes[0]),)
        return
    for number, shape in enumerate(shapes):
        kept = tuple(
            _like(stack, shape, own) for stack, own in zip(block.stacks, shapes, strict=True)
        )
        yield _AS_IN[number > 0], kept
    pooled = [_pooled(stack, shapes, n) for n, stack in enumerate(block.stacks)]
    yield "pool all to the smallest size", tuple(pooled)
    flat = Flatten()
    yield "flatten all", tuple((*stack, flat) for stack in block.stacks)


def _kept(layer: LayerSpec) -> LayerSpec:
    """A window that leaves the size as it is."""
    kernel = layer.argument("kernel_size")
    if not isinstance(kernel, int) or kernel % 2 == 0 or "padding" not in type(layer).model_fields:
        return layer
    padding = kernel // 2 * layer.argument("dilation", 1)
    return changed_in(layer, {"padding": padding, "stride": 1}) or layer


def _like(stack: tuple[LayerSpec, ...], wanted: Shape, came: Shape) -> tuple[LayerSpec, ...]:
    """The stack with the width of its last layer that has one set to what is wanted."""
    if len(wanted) != len(came):
        return stack
    name, size = ("out_channels", wanted[0]) if len(wanted) > 1 else ("out_features", wanted[0])
    for number in reversed(range(len(stack))):
        changed = changed_in(stack[number], {name: size})
        if changed is not None:
            return (*stack[:number], changed, *stack[number + 1 :])
    return stack


def _pooled(
    stack: tuple[LayerSpec, ...], shapes: Sequence[Shape], number: int
) -> tuple[LayerSpec, ...]:
    """The stack with an adaptive pooling behind it where its maps are larger than others'."""
    axes = len(shapes[0]) - 1
    if axes not in (1, 2) or any(len(shape) != axes + 1 for shape in shapes):
        return stack
    smallest = tuple(map(min, zip(*(shape[1:] for shape in shapes), strict=True)))
    if shapes[number][1:] == smallest:
        return stack
    size = smallest[0] if axes == 1 or len(set(smallest)) == 1 else smallest
    return *stack, pooling(axes, size)
