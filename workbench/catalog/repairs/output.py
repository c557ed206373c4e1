"""Edits for a network whose output is not what the loss wants."""

from collections.abc import Iterator

from workbench.catalog.layers.linear import Linear
from workbench.catalog.layers.reshape import Flatten
from workbench.catalog.repairs.arguments import changed_in
from workbench.catalog.repairs.shapes import pooling
from workbench.core.errors import UserError
from workbench.core.layer import Fix, LayerSpec, Shape
from workbench.core.repair import Edit, Fault, Offer
from workbench.core.train import default_loss, fits
from workbench.core.walk import Step


def other_output(fault: Fault) -> Iterator[Edit]:
    """The last layer with weights of another width, or more layers at the end."""
    wanted = _wanted(fault)
    if wanted is None:
        return
    for step in reversed(fault.steps):
        if step.fault is None and step.layer.category == "Blocks":
            continue
        yield from _resized(fault, step, wanted)
        if step.parameters:
            break
    if len(wanted) == 1:
        yield from _appended(fault, wanted[0])
        yield from _last_taken_away(fault)


def _wanted(fault: Fault) -> Shape | None:
    try:
        return fault.project.train.loss.out_shape(fault.project.data.info())
    except UserError:  # the loss does not suit the data: no layer mends that
        return None


def other_loss(fault: Fault) -> Iterator[Offer]:
    """The usual loss of the data, where the present one does not suit it."""
    project, info = fault.project, fault.project.data.info()
    if not fault.is_output or fits(project.train.loss, info):
        return
    loss = default_loss(info)
    mended = project.replace(train=project.train.replace(loss=loss))
    left = sum(step.fault is not None for step in mended.walk())
    fix = Fix("use {loss}", (), loss=loss.kind)
    yield Offer(fix, lambda: mended, fault.step.out_shape, 0, left)


def _resized(fault: Fault, step: Step, wanted: Shape) -> Iterator[Edit]:
    flat = Flatten()
    for name in ("out_features", "out_channels"):
        changed = changed_in(step.layer, {name: wanted[0]})
        if changed is None:
            continue
        told = f"{name}={wanted[0]}"
        yield Edit(step.path, Fix("set {values}", (changed,), values=told))
        if len(step.in_shape or ()) > 1:
            yield Edit(step.path, Fix("insert Flatten", (flat, step.layer)))
            yield Edit(step.path, Fix("insert Flatten, set {values}", (flat, changed), values=told))
        if len(step.path) == 1:
            layers = (changed, *_pool(fault))
            label = "set {values}, append global pooling"
            yield Edit(step.path, Fix(label, layers, values=told))


def _appended(fault: Fault, outputs: int) -> Iterator[Edit]:
    linear = Linear(out_features=outputs)
    flat = Flatten()
    last, came = fault.layer, fault.step.out_shape or ()
    yield fault.instead("append Linear to {size}", last, linear, size=outputs)
    if len(came) > 1:
        yield fault.instead("append Flatten", last, flat)
        label = "append Flatten and Linear to {size}"
        yield fault.instead(label, last, flat, linear, size=outputs)
    if pool := _pool(fault):
        yield fault.instead("append global pooling", last, *pool)
        label = "append global pooling and Linear to {size}"
        yield fault.instead(label, last, *pool, linear, size=outputs)


def _pool(fault: Fault) -> tuple[LayerSpec, ...]:
    """The mean of every channel."""
    axes = len(fault.step.out_shape or ()) - 1
    return (pooling(axes), Flatten()) if axes in (1, 2) else ()


def _last_taken_away(fault: Fault) -> Iterator[Edit]:
    """Layers at the end that came behind the one that gives the outputs."""
    if len(fault.step.path) == 1 and not fault.step.parameters:
        yield fault.instead("remove the layer")
