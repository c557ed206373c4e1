"""Blocks: stacks of layers that stand as one layer."""

from collections.abc import Sequence
from math import prod
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny

from workbench.catalog.layers.conv import Conv2d
from workbench.catalog.layers.linear import Linear
from workbench.core.block import BlockSpec
from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, counted, shape_text

Stack = tuple[SerializeAsAny[LayerSpec], ...]
Layers = tuple[LayerSpec, ...]


class _Single(BlockSpec, abstract=True):
    """A block with one stack."""

    scope: ClassVar[bool] = True

    layers: Stack = Field(default=(), title="Layers", description="The layers inside.")

    @property
    def stacks(self) -> tuple[Layers, ...]:
        return (self.layers,)

    @property
    def titles(self) -> tuple[str, ...]:
        return ("Layers",)

    def with_stacks(self, stacks: Sequence[Sequence[LayerSpec]]) -> Self:
        return self.replace(layers=tuple(stacks[0]))


class Group(_Single):
    """Layers under one name; a module of its own in the code."""

    summary: ClassVar[str] = "Holds layers under one name, to fold them away or to use them again."
    short: ClassVar[str] = "group"

    title: Annotated[str, Field(max_length=64, strict=True)] = Field(
        default="", title="Title", description="What the group is, in a few words."
    )

    def words(self) -> str:
        return self.title or counted(len(self.layers), "layer", "layers")

    def formula(self, in_shape: Shape) -> str:
        return " → ".join(layer.kind for layer in self.layers[:6])


class Repeat(_Single):
    """Layers in a row, again and again; each round has weights of its own."""

    summary: ClassVar[str] = "Runs its layers several times in a row, each time with new weights."
    short: ClassVar[str] = "repeat"
    in_sequence: ClassVar[bool] = True

    times: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=2, title="Times", description="How many rounds of the layers stand in a row."
    )

    @property
    def rounds(self) -> int:
        return self.times

    def words(self) -> str:
        return f"{self.times} × {counted(len(self.layers), 'layer', 'layers')}"

    def formula(self, in_shape: Shape) -> str:
        return " → ".join(f"round {number + 1}" for number in range(min(self.times, 4)))


class Residual(BlockSpec):
    """The output of a stack added to its input: y = F(x) + x.

    He et al., Deep Residual Learning for Image Recognition, 2015.
    """

    summary: ClassVar[str] = "Adds the input to what its layers make of it, so that gradients pass."
    short: ClassVar[str] = "residual"

    layers: Stack = Field(default=(), title="Layers", description="The layers inside.")
    shortcut: Stack = Field(
        default=(),
        title="Shortcut",
        description="Layers for the input's own way, where the shapes differ; none hands it on.",
    )

    @property
    def stacks(self) -> tuple[Layers, ...]:
        return self.layers, self.shortcut

    @property
    def titles(self) -> tuple[str, ...]:
        return "Layers", "Shortcut"

    @property
    def variables(self) -> tuple[str, ...]:
        return "", "identity"

    def with_stacks(self, stacks: Sequence[Sequence[LayerSpec]]) -> Self:
        return self.replace(layers=tuple(stacks[0]), shortcut=tuple(stacks[1]))

    def joined_shape(self, shapes: Sequence[Shape]) -> Shape:
        inner, outer = shapes
        if inner != outer:
            raise ShapeError(
                "adds {inner} of its layers to {outer} of its shortcut; they must be of one shape.",
                fixes=self._projections(inner, outer),
                inner=shape_text(inner),
                outer=shape_text(outer),
            )
        return inner

    def _projections(self, inner: Shape, outer: Shape) -> list[Fix]:
        """Ways to bring the shortcut to the shape of the layers' output."""
        taken_away = Fix("remove the sum", self.layers)
        projection = _projection(inner, outer)
        if projection is None:
            return [taken_away]
        mended = self.replace(shortcut=(*self.shortcut, projection))
        kind = projection.kind
        return [Fix("project the shortcut by {kind}", (mended,), kind=kind), taken_away]

    def joined(self, torch: Any, outputs: Sequence[Any]) -> Any:
        return outputs[0] + outputs[1]

    def joined_source(self, outputs: Sequence[str]) -> str:
        return f"{outputs[0]} + {outputs[1]}"

    def words(self) -> str:
        told = f"input + {counted(len(self.layers), 'layer', 'layers')}"
        return told + (" · projected shortcut" if self.shortcut else "")

    def formula(self, in_shape: Shape) -> str:
        return "y = F(x) + W(x)" if self.shortcut else "y = F(x) + x"


def _projection(wanted: Shape, came: Shape) -> LayerSpec | None:
    """A layer that takes `came` to `wanted`: a 1 x 1 convolution, or Linear."""
    if len(wanted) != len(came):
        return None
    if len(wanted) == 3:
        strides = [_stride(a, b) for a, b in zip(came[1:], wanted[1:], strict=True)]
        if 0 in strides:
            return None
        stride = strides[0] if strides[0] == strides[1] else (strides[0], strides[1])
        return Conv2d(out_channels=wanted[0], kernel_size=1, stride=stride, bias=False)
    return Linear(out_features=wanted[-1]) if wanted[:-1] == came[:-1] else None


def _stride(came: int, wanted: int) -> int:
    """The stride by which a window of 1 takes `came` places to `wanted`; 0 if there is none."""
    for stride in range(1, came + 1):
        if (came - 1) // stride + 1 == wanted:
            return stride
    return 0


class Branches(BlockSpec):
    """Several stacks on the same input, their outputs joined.

    Szegedy et al., Going Deeper with Convolutions, 2014 (concatenation).
    """

    summary: ClassVar[str] = "Sends its input through several stacks and joins what comes out."
    short: ClassVar[str] = "branches"

    branches: Annotated[tuple[Stack, ...], Field(min_length=1, max_length=32)] = Field(
        default=((), ()), title="Branches", description="The stacks, side by side."
    )
    merge: Literal["concatenate", "add", "multiply"] = Field(
        default="concatenate", title="Merge", description="How the outputs become one."
    )
    dim: Annotated[int, Field(strict=True, ge=-8, le=8)] = Field(
        default=1,
        title="Dimension",
        description="Along which outputs are concatenated; 1 is the first behind the batch.",
    )

    @property
    def stacks(self) -> tuple[Layers, ...]:
        return self.branches

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(f"Branch {number}" for number in range(1, len(self.branches) + 1))

    @property
    def variables(self) -> tuple[str, ...]:
        if len(self.branches) == 1:
            return ("",)
        return tuple(f"branch{number}" for number in range(1, len(self.branches) + 1))

    def with_stacks(self, stacks: Sequence[Sequence[LayerSpec]]) -> Self:
        return self.replace(branches=tuple(map(tuple, stacks)))

    def joined_shape(self, shapes: Sequence[Shape]) -> Shape:
        if self.merge == "concatenate":
            return self._concatenated(shapes)
        for shape in shapes[1:]:
            if shape != shapes[0]:
                raise ShapeError(
                    "joins {first} and {other}; to {merge} them, they must be of one shape.",
                    fixes=self._other_merges(shapes),
                    first=shape_text(shapes[0]),
                    other=shape_text(shape),
                    merge=self.merge,
                )
        return shapes[0]

    def _other_merges(self, shapes: Sequence[Shape]) -> list[Fix]:
        for dim in range(1, len(shapes[0]) + 1):
            mended = self.replace(merge="concatenate", dim=dim)
            if mended._misfit(shapes) is None:
                return [Fix("concatenate instead", (mended,))]
        return [Fix("keep the first branch only", self.branches[0])]

    def _concatenated(self, shapes: Sequence[Shape]) -> Shape:
        misfit = self._misfit(shapes)
        if misfit is not None:
            raise ShapeError(
                "concatenates {first} and {other} along dimension {dim}; the other dimensions must "
                "be the same.",
                fixes=self._other_dims(shapes),
                first=shape_text(shapes[0]),
                other=shape_text(misfit),
                dim=self.dim,
            )
        axis = self._axis(shapes[0])
        size = sum(shape[axis] for shape in shapes)
        return *shapes[0][:axis], size, *shapes[0][axis + 1 :]

    def _axis(self, shape: Shape) -> int:
        """The place of `dim` in a shape without the batch; -1 if it has none."""
        axis = self.dim - 1 if self.dim >= 0 else self.dim + len(shape)
        return axis if 0 <= axis < len(shape) else -1

    def _misfit(self, shapes: Sequence[Shape]) -> Shape | None:
        """The first shape that can't be concatenated to the first one."""
        axis = self._axis(shapes[0])
        for shape in shapes:
            rest = shape[:axis] + shape[axis + 1 :]
            same_rank = len(shape) == len(shapes[0])
            if axis < 0 or not same_rank or rest != shapes[0][:axis] + shapes[0][axis + 1 :]:
                return shape
        return None

    def _other_dims(self, shapes: Sequence[Shape]) -> list[Fix]:
        fixes = []
        for dim in range(1, len(shapes[0]) + 1):
            mended = self.replace(dim=dim)
            if dim != self.dim and mended._misfit(shapes) is None:
                fixes.append(Fix("set dim={dim}", (mended,), dim=dim))
        if len({prod(shape) for shape in shapes}) == 1 == len(set(shapes)):
            fixes.append(Fix("add instead", (self.replace(merge="add"),)))
        return [*fixes[:2], Fix("keep the first branch only", self.branches[0])]

    @property
    def join_tensors(self) -> int:
        return 1 if self.merge == "concatenate" else len(self.branches) - 1

    @property
    def join_saves(self) -> bool:
        return self.merge == "multiply"

    def joined(self, torch: Any, outputs: Sequence[Any]) -> Any:
        if self.merge == "concatenate":
            return torch.cat(list(outputs), dim=self.dim)
        total = outputs[0]
        for output in outputs[1:]:
            total = total + output if self.merge == "add" else total * output
        return total

    def joined_source(self, outputs: Sequence[str]) -> str:
        if self.merge == "concatenate":
            return f"torch.cat([{', '.join(outputs)}], dim={self.dim})"
        return (" + " if self.merge == "add" else " * ").join(outputs)

    def words(self) -> str:
        told = f"{counted(len(self.branches), 'branch', 'branches')} · {self.merge}"
        return told if self.merge != "concatenate" or self.dim == 1 else f"{told} dim {self.dim}"

    def formula(self, in_shape: Shape) -> str:
        names = [f"F{number}(x)" for number in range(1, len(self.branches) + 1)]
        if self.merge == "concatenate":
            return f"y = [{', '.join(names)}]"
        return f"y = {(' + ' if self.merge == 'add' else ' ⊙ ').join(names)}"
