"""Normalization."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.layers.geometry import needs_image
from workbench.core.layer import LayerSpec, Shape
from workbench.core.spec import Fraction, Number


class BatchNorm2d(LayerSpec):
    """torch.nn.BatchNorm2d; `num_features` follows from the input."""

    category: ClassVar[str] = "Normalization"
    summary: ClassVar[str] = (
        "Shifts and scales every channel to mean 0 and variance 1 over the batch, then learns both."
    )
    short: ClassVar[str] = "bn"

    eps: Annotated[Number, Field(gt=0.0, le=1.0)] = Field(
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

    def out_shape(self, in_shape: Shape) -> Shape:
        needs_image(self, in_shape)
        return in_shape

    def parameter_count(self, in_shape: Shape) -> int:
        return 2 * in_shape[0] * self.affine

    def arguments(self, in_shape: Shape) -> dict[str, Any]:
        return {"num_features": in_shape[0]} | super().arguments(in_shape)

    def words(self) -> str:
        return f"momentum {self.momentum:g}" + ("" if self.affine else " · no scale or shift")

    def formula(self, in_shape: Shape) -> str:
        return f"y = γ·(x − μ) / √(σ² + {self.eps:g}) + β,  {in_shape[0]} channels"
