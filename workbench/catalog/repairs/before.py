"""Edits of the layers in front of a faulty one."""

from collections.abc import Iterator

from workbench.catalog.repairs.arguments import changed_in
from workbench.core.layer import Fix, LayerSpec
from workbench.core.repair import Edit, Fault
from workbench.core.walk import Step, in_stack

NEAREST = 6  # what lies further in front has seldom to do with the fault


def layers_before(fault: Fault) -> Iterator[Edit]:
    """The nearest layers in front: other widths, sizes that are kept, pooling taken away."""
    for step in fault.before[:NEAREST]:
        yield from _width(fault, step)
        yield from _kept_size(step)
        if step.layer.category in ("Pooling", "Reshape") or step.layer.kind == "Flatten":
            yield Edit(step.path, Fix("remove {layer}", (), layer=step.layer.name))


def _width(fault: Fault, step: Step) -> Iterator[Edit]:
    """An output of the layer before that the faulty layer can divide."""
    for divisor in ("num_heads", "nhead", "num_groups", "groups"):
        parts = fault.layer.argument(divisor, 1)
        for name in ("out_channels", "out_features", "embedding_dim", "hidden_size"):
            width = step.layer.argument(name)
            if parts > 1 and width:
                yield from _set(step, name, -(-width // parts) * parts)


def _kept_size(step: Step) -> Iterator[Edit]:
    """A window that leaves the size as it is."""
    kernel = step.layer.argument("kernel_size")
    if isinstance(kernel, int) and ("padding" in type(step.layer).model_fields):
        yield from _set(step, "padding", kernel // 2)
        yield from _set(step, "stride", 1)


def _set(step: Step, name: str, value: int) -> Iterator[Edit]:
    changed = changed_in(step.layer, {name: value})
    if changed is not None:
        told = f"{name}={value}"
        fix = Fix("set {values} in {layer}", (changed,), values=told, layer=step.layer.name)
        yield Edit(step.path, fix)


def poolings_from_here(fault: Fault) -> Iterator[Edit]:
    """All pooling from the faulty layer on taken away, where one after another finds no room."""
    stack = in_stack(fault.steps, fault.step.path[:-1])
    rest = [step.layer for step in stack if step.path >= fault.step.path]
    while rest and not _shrinks(rest[-1]):
        rest.pop()
    kept = tuple(layer for layer in rest if not _shrinks(layer))
    if rest and _shrinks(rest[0]) and len(kept) < len(rest) - 1:
        yield Edit(fault.step.path, Fix("remove the poolings from here on", kept), len(rest))


def _shrinks(layer: LayerSpec) -> bool:
    return layer.category == "Pooling" and ("kernel_size" in type(layer).model_fields)
