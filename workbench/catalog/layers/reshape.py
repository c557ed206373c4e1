"""Layers that only change the shape."""

from math import prod
from typing import Annotated, ClassVar

from pydantic import Field

from workbench.core.layer import Fix, LayerSpec, Shape, ShapeError, shape_text


class Flatten(LayerSpec):
    """torch.nn.Flatten; dimension 0 is the batch."""

    category: ClassVar[str] = "Linear"
    summary: ClassVar[str] = "Lays all values of a sample in one row, so that Linear can take them."
    short: ClassVar[str] = "flatten"

    start_dim: Annotated[int, Field(strict=True, ge=1, le=16)] = Field(
        default=1, title="First dimension", description="1 is the first one behind the batch."
    )
    end_dim: Annotated[int, Field(strict=True, ge=-16, le=16)] = Field(
        default=-1, title="Last dimension", description="-1 is the last one."
    )

    def out_shape(self, in_shape: Shape) -> Shape:
        dims = len(in_shape) + 1
        end = self.end_dim + dims if self.end_dim < 0 else self.end_dim
        if not self.start_dim <= end < dims:
            raise ShapeError(
                "can't flatten dimensions {start} to {end} of {came}.",
                fixes=[Fix("flatten all", (self.replace(start_dim=1, end_dim=-1),))],
                start=self.start_dim,
                end=self.end_dim,
                came=shape_text(in_shape),
            )
        flat = prod(in_shape[self.start_dim - 1 : end])
        return *in_shape[: self.start_dim - 1], flat, *in_shape[end:]

    def words(self) -> str:
        if (self.start_dim, self.end_dim) == (1, -1):
            return "all values in one row"
        return f"dimensions {self.start_dim} to {self.end_dim}"

    def formula(self, in_shape: Shape) -> str:
        return f"{'·'.join(map(str, in_shape))} = {prod(in_shape)} values"
