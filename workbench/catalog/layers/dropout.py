"""Dropout."""

from typing import ClassVar

from pydantic import Field

from workbench.core.layer import LayerSpec, Shape
from workbench.core.spec import Fraction


class Dropout(LayerSpec):
    """torch.nn.Dropout."""

    category: ClassVar[str] = "Regularization"
    summary: ClassVar[str] = "Sets values to zero at random while training, against overfitting."
    short: ClassVar[str] = "dropout"

    p: Fraction = Field(
        default=0.5, title="Probability", description="Share of the values that are set to zero."
    )

    def words(self) -> str:
        return f"p = {self.p:g}"

    def formula(self, in_shape: Shape) -> str:
        return f"training: x·mask / {1 - self.p:g};  evaluation: x"
