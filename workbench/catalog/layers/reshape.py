"""Layers that only change the shape."""

from math import prod
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, shape_text
from workbench.core.reasons import Refused

Dim = Annotated[int, Field(strict=True, ge=-16, le=16)]
Part = Annotated[int, Field(strict=True, ge=-1, le=1_000_000)]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, int) else value


class _Reshape(LayerSpec, abstract=True):
    category: ClassVar[str] = "Reshape"

    def saved(self, in_shape: Shape) -> Saved:
        return Saved()

    def is_view(self, training: bool) -> bool:
        return True

    def _refuse(self, message: str, in_shape: Shape, *fixes: Fix, **values: Any) -> ShapeError:
        mending = [fix for fix in fixes if fix.layers != (self,) and _mends(fix, in_shape)]
        last = Fix("remove the layer", ())
        return ShapeError(message, [*mending[:2], last], came=shape_text(in_shape), **values)


def _mends(fix: Fix, in_shape: Shape) -> bool:
    try:
        fix.layers[0].out_shape(in_shape)
    except ShapeError:
        return False
    return True


class Flatten(_Reshape):
    """torch.nn.Flatten; dimension 0 is the batch."""

    summary: ClassVar[str] = "Lays all values of a sample in one row, so that Linear can take them."
    short: ClassVar[str] = "flatten"

    start_dim: Annotated[int, Field(strict=True, ge=1, le=16)] = Field(
        default=1, title="First dimension", description="1 is the first one behind the batch."
    )
    end_dim: Dim = Field(default=-1, title="Last dimension", description="-1 is the last one.")

    def out_shape(self, in_shape: Shape) -> Shape:
        end = self._end(in_shape)
        if not self.start_dim <= end <= len(in_shape):
            raise ShapeError(
                "can't flatten dimensions {start} to {end} of {came}.",
                fixes=[Fix("flatten all", (self.replace(start_dim=1, end_dim=-1),))],
                start=self.start_dim,
                end=self.end_dim,
                came=shape_text(in_shape),
            )
        flat = prod(in_shape[self.start_dim - 1 : end])
        return *in_shape[: self.start_dim - 1], flat, *in_shape[end:]

    def _end(self, in_shape: Shape) -> int:
        return self.end_dim + len(in_shape) + 1 if self.end_dim < 0 else self.end_dim

    def words(self) -> str:
        if (self.start_dim, self.end_dim) == (1, -1):
            return "all values in one row"
        return f"dimensions {self.start_dim} to {self.end_dim}"

    def formula(self, in_shape: Shape) -> str:
        merged = in_shape[self.start_dim - 1 : self._end(in_shape)]
        return f"{'·'.join(map(str, merged))} = {prod(merged)} values in one dimension"


class Unflatten(_Reshape):
    """torch.nn.Unflatten; dimension 0 is the batch."""

    summary: ClassVar[str] = "Lays one dimension out as several: a row of numbers as an image."
    short: ClassVar[str] = "unflatten"
    positional: ClassVar[tuple[str, ...]] = ("dim", "unflattened_size")

    dim: Dim = Field(
        default=1,
        title="Dimension",
        description="Which one is laid out; 1 is the first one behind the batch.",
    )
    unflattened_size: Annotated[
        tuple[Part, ...], BeforeValidator(_as_tuple), Field(min_length=1, max_length=8)
    ] = Field(
        default=(1, -1),
        title="New sizes",
        description="What stands in its place, as 1 × 28 × 28; -1 stands for what is left over.",
    )

    @model_validator(mode="after")
    def _one_size_is_left_over(self) -> Self:
        if 0 in self.unflattened_size or self.unflattened_size.count(-1) > 1:
            raise Refused("every new size is at least 1; one of them may be -1")
        return self

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        # A list stays as long as it is: (3, 3) is not the same as 3 here.
        return {"dim": module.dim, "unflattened_size": list(module.unflattened_size)}

    def out_shape(self, in_shape: Shape) -> Shape:
        index = self._index(in_shape)
        parts = self._parts(in_shape[index])
        if prod(parts) != in_shape[index]:
            raise self._refuse(
                "can't lay {size} of {came} out as {parts}.",
                in_shape,
                *map(self._sized, dict.fromkeys(((*self.unflattened_size[:-1], -1), (1, -1)))),
                size=in_shape[index],
                parts=shape_text(self.unflattened_size),
            )
        return *in_shape[:index], *parts, *in_shape[index + 1 :]

    def _index(self, in_shape: Shape) -> int:
        dims = len(in_shape) + 1
        if self.dim in (0, -dims) or not -dims < self.dim < dims:
            raise self._refuse(
                "has dim={dim}, which {came} does not have behind its batch.",
                in_shape,
                Fix("set dim=1", (self.replace(dim=1),)),
                Fix("set dim=1 and one more size", (Unflatten(name=self.name),)),
                dim=self.dim,
            )
        return self.dim % dims - 1

    def _parts(self, size: int) -> tuple[int, ...]:
        known = prod(part for part in self.unflattened_size if part > 0)
        return tuple(size // known if part < 0 else part for part in self.unflattened_size)

    def _sized(self, sizes: tuple[int, ...]) -> Fix:
        told = shape_text(sizes).replace("-1", "…")
        rest = {"unflattened_size": sizes} if sizes.count(-1) == 1 else {}
        return Fix("lay it out as {sizes}", (self.replace(**rest),), sizes=told)

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"dim": self.dim, "unflattened_size": self.unflattened_size}

    def words(self) -> str:
        return f"dimension {self.dim} as {shape_text(self.unflattened_size)}"

    def formula(self, in_shape: Shape) -> str:
        size = in_shape[self._index(in_shape)]
        return f"{size} = {'·'.join(map(str, self._parts(size)))}"


class Permute(_Reshape):
    """torchvision.ops.Permute; the batch stays in front, so `dims` names the others only."""

    library: ClassVar[str] = "torchvision.ops"
    summary: ClassVar[str] = "Puts the dimensions of a sample into another order."
    short: ClassVar[str] = "permute"

    dims: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=1, le=8)], ...],
        BeforeValidator(_as_tuple),
        Field(min_length=1, max_length=8),
    ] = Field(
        default=(2, 1),
        title="Dimensions",
        description="The new order, counted from 1 behind the batch: 2 × 1 swaps the two of a "
        "sequence, 2 × 3 × 1 puts the channels of an image last.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise Refused("each dimension stands once in the new order, counted from 1")
        return self

    @classmethod
    def fields_of(cls, module: Any) -> dict[str, Any]:
        # A batch that does not stay in front leaves a 0 behind, which is refused.
        dims = list(module.dims)
        return {"dims": dims[1:] if dims[:1] == [0] else dims}

    @classmethod
    def fields_of_call(cls, given: dict[str, Any]) -> dict[str, Any]:
        return cls.fields_of(SimpleNamespace(**given))

    def out_shape(self, in_shape: Shape) -> Shape:
        if len(self.dims) != len(in_shape):
            orders = _likely_orders(len(in_shape))
            raise self._refuse(
                "orders {count} dimensions, gets {came}.",
                in_shape,
                *(Fix("set dims={dims}", (self.replace(dims=dims),), dims=dims) for dims in orders),
                count=len(self.dims),
            )
        return tuple(in_shape[dim - 1] for dim in self.dims)

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"dims": [0, *self.dims]}

    def module(self, nn: Any, in_shape: Shape) -> Any:
        from torchvision.ops import Permute as Module

        return Module(**self.arguments(in_shape))

    def constructor_source(self, in_shape: Shape) -> str:
        return f"torchvision.ops.Permute({[0, *self.dims]})"

    def words(self) -> str:
        return "order " + ", ".join(map(str, self.dims))

    def formula(self, in_shape: Shape) -> str:
        return f"{shape_text(in_shape)} → {shape_text(self.out_shape(in_shape))}"


def _likely_orders(dims: int) -> list[tuple[int, ...]]:
    """The last dimension first and the first one last, as channels often have to go."""
    order = tuple(range(1, dims + 1))
    return [(*order[1:], 1), (dims, *order[:-1])][: 2 if dims > 2 else 1]


class Identity(_Reshape):
    """torch.nn.Identity."""

    summary: ClassVar[str] = "Passes its input on unchanged."
    short: ClassVar[str] = "identity"

    def formula(self, in_shape: Shape) -> str:
        return "y = x"
