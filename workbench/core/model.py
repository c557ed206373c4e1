"""Networks as values: `LayerSpec`, the stack `ModelSpec`, and the walk that joins it to shapes."""

import keyword
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator

from workbench.core.errors import UserError
from workbench.core.spec import Spec

Shape = tuple[int, ...]
"""The shape of one sample, without the batch: `(channels, height, width)` or `(features,)`."""

# Attributes of torch.nn.Module, which a child of a Sequential must not shadow.
RESERVED_NAMES = frozenset(
    [
        "T_destination",
        "add_module",
        "append",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extend",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "insert",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "pop",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)


def shape_text(shape: Shape | None) -> str:
    """`(1, 28, 28)` as `1 × 28 × 28`; a shape that is not known as a dash."""
    return " × ".join(map(str, shape)) if shape else "–"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 problem`, `1,290 parameters`."""
    return f"{number:,} {one if number == 1 else many}"


def _layer_name(name: str) -> str:
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise ValueError(f"{name!r} is not a Python name")
    if name in RESERVED_NAMES or name.startswith("_"):
        raise ValueError(f"{name!r} is a name that torch.nn.Module uses itself")
    return name


class LayerSpec(Spec, shelf=True):
    """One `torch.nn` module under its `torch.nn` name and argument names.

    Sizes that follow from the input (`in_channels`, `in_features`) are no fields: `arguments`
    adds them from the input shape. `out_shape` is plain arithmetic, so that editing needs no torch.
    """

    category: ClassVar[str]
    summary: ClassVar[str]
    """One sentence on what the layer does."""
    short: ClassVar[str]
    """The start of its default name: `conv` gives conv1, conv2, ..."""

    name: Annotated[str, Field(max_length=64, strict=True), AfterValidator(_layer_name)] = ""

    def out_shape(self, in_shape: Shape) -> Shape:
        """The shape that one sample has behind this layer.

        Raises:
            ShapeError: the layer can't take `in_shape`.
        """
        return in_shape

    def parameter_count(self, in_shape: Shape) -> int:
        """How many numbers the layer learns."""
        return 0

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        """The arguments of its `torch.nn` constructor, defaults left out."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if name != "name" and getattr(self, name) != field.default
        }

    def words(self) -> str:
        """Its arguments as a card tells them."""
        return ""

    def formula(self, in_shape: Shape) -> str:
        """What it computes, with this layer's numbers in it; empty if nothing is to be said."""
        return ""


@dataclass(frozen=True)
class Fix:
    """A way to mend a fault: these layers stand in place of the faulty one."""

    label: str
    layers: tuple[LayerSpec, ...]


class ShapeError(UserError):
    """A layer that can't take its input, with the fixes that would mend it."""

    def __init__(self, message: str, fixes: Iterable[Fix] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.fixes = tuple(fixes)


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
