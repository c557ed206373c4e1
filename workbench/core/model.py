"""Networks as values: the tree `ModelSpec`, and how it is edited."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator

from workbench.core.block import BlockSpec
from workbench.core.layer import LayerSpec, Shape
from workbench.core.reasons import Refused
from workbench.core.spec import Spec
from workbench.core.walk import Path, Step, walk

Layers = tuple[LayerSpec, ...]
# of a network; a file may ask for no more
MOST_LAYERS, MOST_UNROLLED, DEEPEST = 2_000, 10_000, 30


def _bounded(layers: Layers) -> Layers:
    if sum(1 for _ in nested(layers)) > MOST_LAYERS:
        raise Refused("a network has at most {most} layers", most=f"{MOST_LAYERS:,}")
    if _unrolled(layers) > MOST_UNROLLED:
        most = f"{MOST_UNROLLED:,}"
        raise Refused("a network has at most {most} layers in all rounds", most=most)
    return layers


def _unrolled(layers: Layers) -> int:
    """How many layers they are with each round of a block counted."""
    blocks = [layer for layer in layers if isinstance(layer, BlockSpec)]
    return len(layers) + sum(block.rounds * sum(map(_unrolled, block.stacks)) for block in blocks)


class ModelSpec(Spec):
    """A stack of layers, some of them blocks that hold stacks; every layer has a name that no
    other layer of the network has."""

    layers: Annotated[
        tuple[SerializeAsAny[LayerSpec], ...],
        Field(max_length=MOST_LAYERS),
        AfterValidator(_bounded),
    ] = ()

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        names = [layer.name for _, layer in self.nested() if layer.name]
        for name, count in Counter(names).items():
            if count > 1:
                raise Refused("two layers are named {name!r}", name=name)
        if len(names) != sum(1 for _ in self.nested()):
            object.__setattr__(self, "layers", tuple(_filled(self.layers, set(names))))
        return self

    def nested(self) -> Iterator[tuple[Path, LayerSpec]]:
        """Every layer with its path, each block before what it holds."""
        return nested(self.layers)

    def walk(self, in_shape: Shape) -> list[Step]:
        """Every layer with its shapes, up to the first fault; after it the layers alone."""
        return walk(self.layers, in_shape)

    def at(self, path: Path) -> LayerSpec:
        """The layer there."""
        return _holding(self.layers, path)[path[-1]]

    def path_of(self, name: str) -> Path | None:
        """Where the layer of this name stands."""
        return next((path for path, layer in self.nested() if layer.name == name), None)

    def inserted(self, path: Path, layers: Sequence[LayerSpec]) -> Self:
        """A copy with `layers` in front of what stands at `path`, renamed where a name is taken."""
        taken = {layer.name for _, layer in self.nested()}
        named = tuple(_renamed(layers, taken))
        return self.replace(layers=put(self.layers, path, named, instead=0))

    def removed(self, paths: Iterable[Path]) -> Self:
        """A copy without the layers at `paths`, and without what they hold."""
        return self.replace(layers=_instead(self.layers, dict.fromkeys(paths, ())))

    def swapped(self, path: Path, layers: Sequence[LayerSpec]) -> Self:
        """A copy with `layers` in place of the one at `path`."""
        old = {layer.name for _, layer in nested((self.at(path),))}
        taken = {layer.name for _, layer in self.nested()} - old
        named = tuple(_renamed(layers, taken))
        return self.replace(layers=put(self.layers, path, named))

    def moved(self, paths: Iterable[Path], before: Path) -> Self:
        """A copy with the layers at `paths` moved, in their order, in front of `before`; what a
        chosen block holds moves with it, and nothing moves into itself."""
        chosen = outermost(paths)
        if any(before[: len(path)] == path and before != path for path in chosen):
            return self
        layers = [self.at(path) for path in chosen]
        # in place of each a mark, so that `before` stays true
        marked = _instead(self.layers, dict.fromkeys(chosen, (_MARK,)))
        placed = put(marked, before, layers, instead=0)
        return self.replace(layers=_without_marks(placed))

    def wrapped(self, paths: Iterable[Path], block: BlockSpec) -> Self:
        """A copy with neighbours put into the first stack of `block`, which takes their place."""
        chosen = outermost(paths)
        inner = [self.at(path) for path in chosen]
        rest = self.removed(chosen)
        return rest.inserted(chosen[0], [block.with_stacks([inner, *block.stacks[1:]])])

    def unwrapped(self, path: Path) -> Self:
        """A copy with the layers of a block's stacks in its place."""
        block = self.at(path)
        assert isinstance(block, BlockSpec)
        return self.swapped(path, [layer for stack in block.stacks for layer in stack])


def nested(layers: Sequence[LayerSpec], at: Path = ()) -> Iterator[tuple[Path, LayerSpec]]:
    """Every layer of a stack with its path, each block before what it holds."""
    if len(at) > 2 * DEEPEST:
        raise Refused("blocks are nested at most {most} deep", most=DEEPEST)
    for index, layer in enumerate(layers):
        yield (*at, index), layer
        if isinstance(layer, BlockSpec):
            for number, stack in enumerate(layer.stacks):
                yield from nested(stack, (*at, index, number))


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Paths in order, without those that lie in a block that is among them."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not kept or path[: len(kept[-1])] != kept[-1]:
            kept.append(path)
    return kept


class _Mark(LayerSpec, abstract=True):
    pass


_MARK = _Mark()


def _without_marks(layers: Layers) -> Layers:
    kept = (layer for layer in layers if layer is not _MARK)
    return tuple(
        layer.with_stacks([_without_marks(stack) for stack in layer.stacks])
        if isinstance(layer, BlockSpec)
        else layer
        for layer in kept
    )


def _holding(layers: Layers, path: Path) -> Layers:
    """The stack in which `path` points."""
    for index, number in zip(path[:-1:2], path[1::2], strict=True):
        block = layers[index]
        assert isinstance(block, BlockSpec)
        layers = block.stacks[number]
    return layers


def put(layers: Layers, path: Path, new: Sequence[LayerSpec], instead: int = 1) -> Layers:
    """The same tree with `new` instead of so many layers from `path` on; of none, in front."""
    index, *rest = path
    if not rest:
        return (*layers[:index], *new, *layers[index + instead :])
    block = layers[index]
    assert isinstance(block, BlockSpec)
    stacks = list(block.stacks)
    stacks[rest[0]] = put(stacks[rest[0]], tuple(rest[1:]), new, instead)
    return (*layers[:index], block.with_stacks(stacks), *layers[index + 1 :])


def _instead(layers: Layers, new: Mapping[Path, Layers]) -> Layers:
    """The same tree with other layers instead of those at paths; a stack that changes is made
    once, for to make a block is to validate all its layers."""
    here: dict[int, Layers] = {}
    inside: dict[int, dict[int, dict[Path, Layers]]] = {}
    for (index, *rest), others in new.items():
        if rest:
            inside.setdefault(index, {}).setdefault(rest[0], {})[tuple(rest[1:])] = others
        else:
            here[index] = others
    made: list[LayerSpec] = []
    for index, layer in enumerate(layers):
        if index in here:
            made += here[index]
        else:
            made.append(_with_inside(layer, inside[index]) if index in inside else layer)
    return tuple(made)


def _with_inside(block: LayerSpec, new: Mapping[int, Mapping[Path, Layers]]) -> LayerSpec:
    assert isinstance(block, BlockSpec)
    stacks = enumerate(block.stacks)
    return block.with_stacks([_instead(stack, new.get(number, {})) for number, stack in stacks])


def _renamed(layers: Sequence[LayerSpec], taken: set[str]) -> Iterator[LayerSpec]:
    """The layers with names that are not taken, which then are."""
    for layer in layers:
        named = _named(layer, taken)
        taken.add(named.name)
        if isinstance(named, BlockSpec):
            named = named.with_stacks([tuple(_renamed(stack, taken)) for stack in named.stacks])
        yield named


def _filled(layers: Sequence[LayerSpec], taken: set[str]) -> Iterator[LayerSpec]:
    """The layers with a name for each that has none."""
    for layer in layers:
        named = layer if layer.name else _named(layer, taken)
        taken.add(named.name)
        if isinstance(named, BlockSpec):
            named = named.with_stacks([tuple(_filled(stack, taken)) for stack in named.stacks])
        yield named


def _named(layer: LayerSpec, taken: set[str]) -> LayerSpec:
    if layer.name and layer.name not in taken:
        return layer
    number = 1
    while f"{layer.short}{number}" in taken:
        number += 1
    return layer.replace(name=f"{layer.short}{number}")
