"""Normalization by figures of the batch."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.layers.repairs import needs_axes, offers, reshaped, sibling
from workbench.core.layer import Fix, LayerSpec, Saved, Shape, ShapeError, shape_text
from workbench.core.spec import Fraction, Number

Epsilon = Annotated[Number, Field(gt=0.0, le=1.0)]


class PerChannel(LayerSpec, abstract=True):
    """Normalization of each channel; `num_features` follows from the input."""

    category: ClassVar[str] = "Normalization"
    positional: ClassVar[tuple[str, ...]] = ("num_features",)

    eps: Epsilon = Field(
        default=1e-5, title="Epsilon", description="Added to the variance, against division by 0."
    )
    momentum: Fraction = Field(
        default=0.1, title="Momentum", description="Weight of a new batch in the running figures."
    )
    affine: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Affine", description="Learn a scale and a shift for each channel."
    )
    track_running_stats: Annotated[bool, Field(strict=True)] = Field(
        default=True,
        title="Running statistics",
        description="Keep mean and variance of training for evaluation.",
    )

    def parameter_count(self, in_shape: Shape) -> int:
        return 2 * in_shape[0] * self.affine

    def saved(self, in_shape: Shape) -> Saved:
        return Saved(input=True, of_batch=2 * in_shape[0])

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"num_features": in_shape[0]} | super().arguments(in_shape)

    def words(self) -> str:
        return f"momentum {self.momentum:g}" + ("" if self.affine else " · no scale or shift")

    def formula(self, in_shape: Shape) -> str:
        return affine_formula(self.eps, self.affine) + f",  {in_shape[0]} channels"


def affine_formula(eps: float, affine: bool, shift: bool = True) -> str:
    """Mean and deviation taken out, scale and shift put in where they are learned."""
    if not affine:
        return f"y = (x − μ) / √(σ² + {eps:g})"
    return f"y = γ·(x − μ) / √(σ² + {eps:g})" + (" + β" if shift else "")


class BatchNorm1d(PerChannel):
    """torch.nn.BatchNorm1d over (features,) or (channels, length)."""

    summary: ClassVar[str] = (
        "Shifts and scales every feature to mean 0 and variance 1 over the batch, then learns both."
    )
    short: ClassVar[str] = "bn"

    def out_shape(self, in_shape: Shape) -> Shape:
        if len(in_shape) > 2:
            raise ShapeError(
                "gets {came}, needs a vector or a signal: channels × length.",
                fixes=offers(in_shape, self._ways(in_shape)),
                came=shape_text(in_shape),
            )
        return in_shape

    def _ways(self, in_shape: Shape) -> list[Fix]:
        of_images = sibling(self, 2) if len(in_shape) == 3 else None
        ways = [Fix("use BatchNorm2d", (of_images,))] if of_images else []
        return [*ways, Fix("insert Flatten", (reshaped(in_shape, 2), self))]


class BatchNorm2d(PerChannel):
    """torch.nn.BatchNorm2d over (channels, height, width)."""

    summary: ClassVar[str] = (
        "Shifts and scales every channel to mean 0 and variance 1 over the batch, then learns both."
    )
    short: ClassVar[str] = "bn"

    def out_shape(self, in_shape: Shape) -> Shape:
        of_vectors = sibling(self, 1) if len(in_shape) < 3 else None
        needs_axes(self, in_shape, 2, [Fix("use BatchNorm1d", (of_vectors,))] if of_vectors else [])
        return in_shape
