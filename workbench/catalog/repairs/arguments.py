"""Edits of a faulty layer's own arguments."""

from collections.abc import Iterator
from math import gcd
from typing import Any

from pydantic import ValidationError

from workbench.core.layer import LayerSpec, Shape
from workbench.core.repair import Edit, Fault


def other_arguments(fault: Fault) -> Iterator[Edit]:
    """The layer with one argument, or two that go together, of another value."""
    for changes in _values(fault.layer, fault.came):
        told = ", ".join(f"{name}={value}" for name, value in changes.items())
        changed = changed_in(fault.layer, changes)
        if changed is not None:
            yield fault.instead("set {values}", changed, values=told)
    if fault.step.fault and (rounds := fault.step.fault.values.get("round")):
        fewer = rounds - 1
        yield fault.instead("set times={size}", fault.layer.replace(times=fewer), size=fewer)


def changed_in(layer: LayerSpec, changes: dict[str, Any]) -> LayerSpec | None:
    """The layer with other arguments, or None if it has none of these names or values."""
    if not changes.keys() <= type(layer).model_fields.keys():
        return None
    try:
        return layer.replace(**changes)
    except ValidationError:
        return None


def _values(layer: LayerSpec, came: Shape) -> Iterator[dict[str, Any]]:
    yield from _paddings(layer, came)
    if len(came) > 1:
        smallest = min(came[1:])
        yield {"kernel_size": smallest}
        yield {"kernel_size": smallest, "padding": 0}
    yield {"kernel_size": 1}
    yield {"dilation": 1}
    yield {"stride": 1}
    yield {"ceil_mode": True}
    yield from _divisors(layer, came)
    yield {"start_dim": 1}
    yield {"start_dim": 1, "end_dim": -1}
    yield {"dim": 1}
    yield {"dims": tuple(range(len(came), 0, -1))}


def _paddings(layer: LayerSpec, came: Shape) -> Iterator[dict[str, Any]]:
    """The smallest padding with which a window finds room, and the one that keeps the size."""
    kernel, dilation = layer.argument("kernel_size"), layer.argument("dilation", 1)
    if kernel is None or len(came) < 2:
        return
    reach = (_largest(kernel) - 1) * _largest(dilation) + 1
    yield {"padding": max(-(-(reach - min(came[1:])) // 2), 0)}
    yield {"padding": reach // 2}


def _largest(value: Any) -> int:
    return max(value) if isinstance(value, tuple) else int(value)


def _divisors(layer: LayerSpec, came: Shape) -> Iterator[dict[str, Any]]:
    """Numbers that divide what has to be divided, the nearest to the present one first."""
    sizes = {
        "num_heads": came[-1:],
        "nhead": came[-1:],
        "num_groups": came[:1],
        "groups": (*came[:1], layer.argument("out_channels", 0)),
    }
    for name, divided in sizes.items():
        present = layer.argument(name)
        if present is not None and divided:
            whole = gcd(*divided)
            fitting = [n for n in range(1, whole + 1) if whole % n == 0]
            for value in sorted(fitting, key=lambda n: abs(n - present))[:2]:
                yield {name: value}
    groups, width = layer.argument("groups", 1), layer.argument("out_channels")
    if groups > 1 and width and came and came[0] % groups == 0:
        yield {"out_channels": -(-width // groups) * groups}
