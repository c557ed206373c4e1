"""Networks as values: the stack `ModelSpec`, and the walk that joins it to shapes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, SerializeAsAny, model_validator

from workbench.core.layer import LayerSpec, Shape, ShapeError
from workbench.core.spec import Spec


@dataclass(frozen=True)
class Step:
    """One layer on the walk through a network; shapes behind a fault are not known."""

    index: int
    layer: LayerSpec
    in_shape: Shape | None
    out_shape: Shape | None = None
    parameters: int = 0
    fault: ShapeError | None = None


class ModelSpec(Spec):
    """A stack of layers; every layer has a name that no other layer has."""

    layers: tuple[SerializeAsAny[LayerSpec], ...] = Field(default=(), max_length=2_000)

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        names = [layer.name for layer in self.layers if layer.name]
        for name, count in Counter(names).items():
            if count > 1:
                raise ValueError(f"two layers are named {name!r}")
        if len(names) != len(self.layers):
            object.__setattr__(self, "layers", tuple(_all_named(self.layers)))
        return self

    def walk(self, in_shape: Shape) -> Iterator[Step]:
        """Every layer with its shapes, up to the first fault; after it the layers alone."""
        shape: Shape | None = in_shape
        for index, layer in enumerate(self.layers):
            step = _step(index, layer, shape)
            shape = step.out_shape
            yield step

    def inserted(self, index: int, layers: Sequence[LayerSpec]) -> Self:
        """A copy with `layers` in front of position `index`, renamed where a name is taken."""
        return self._with(self.layers[:index], layers, self.layers[index:])

    def removed(self, indices: Iterable[int]) -> Self:
        """A copy without the layers at `indices`."""
        gone = set(indices)
        return self.replace(
            layers=tuple(layer for i, layer in enumerate(self.layers) if i not in gone)
        )

    def swapped(self, index: int, layers: Sequence[LayerSpec]) -> Self:
        """A copy with `layers` in place of the one at `index`."""
        return self._with(self.layers[:index], layers, self.layers[index + 1 :])

    def moved(self, indices: Iterable[int], before: int) -> Self:
        """A copy with the layers at `indices` moved, in their order, in front of `before`."""
        chosen = sorted(set(indices))
        head = [layer for i, layer in enumerate(self.layers[:before]) if i not in chosen]
        tail = [layer for i, layer in enumerate(self.layers[before:], before) if i not in chosen]
        return self.replace(layers=(*head, *(self.layers[i] for i in chosen), *tail))

    def _with(
        self, head: Sequence[LayerSpec], new: Sequence[LayerSpec], tail: Sequence[LayerSpec]
    ) -> Self:
        taken = {layer.name for layer in (*head, *tail)}
        named = []
        for layer in new:
            named.append(_named(layer, taken))
            taken.add(named[-1].name)
        return self.replace(layers=(*head, *named, *tail))


def _step(index: int, layer: LayerSpec, in_shape: Shape | None) -> Step:
    if in_shape is None:
        return Step(index, layer, None)
    try:
        out_shape = layer.out_shape(in_shape)
    except ShapeError as fault:
        return Step(index, layer, in_shape, fault=fault)
    return Step(index, layer, in_shape, out_shape, layer.parameter_count(in_shape))


def _all_named(layers: Sequence[LayerSpec]) -> Iterator[LayerSpec]:
    taken = {layer.name for layer in layers}
    for layer in layers:
        named = layer if layer.name else _named(layer, taken)
        taken.add(named.name)
        yield named


def _named(layer: LayerSpec, taken: set[str]) -> LayerSpec:
    if layer.name and layer.name not in taken:
        return layer
    number = 1
    while f"{layer.short}{number}" in taken:
        number += 1
    return layer.replace(name=f"{layer.short}{number}")
