"""Further optimizers, under their `torch.optim` names: less usual, or for special cases."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from workbench.catalog.optimizers import WeightDecay, _Optimizer
from workbench.core.spec import Fraction, Number, Size


class RMSprop(_Optimizer):
    """torch.optim.RMSprop."""

    summary: ClassVar[str] = "Steps divided by a running size of the gradient: for recurrent nets."
    fused_on: ClassVar[tuple[str, ...]] = ()

    alpha: Fraction = Field(
        default=0.99, title="Alpha", description="How slowly the mean of squares forgets."
    )
    eps: Annotated[Number, Field(gt=0.0, le=1.0)] = Field(
        default=1e-8,
        title="Epsilon",
        description="Added to the denominator, against division by 0.",
    )
    momentum: Fraction = Field(
        default=0.0, title="Momentum", description="Share of the last step that is kept."
    )
    weight_decay: WeightDecay = Field(
        default=0.0, title="Weight decay", description="Pulls the weights towards zero (L2)."
    )
    centered: Annotated[bool, Field(strict=True)] = Field(
        default=False, title="Centered", description="Divide by the variance, not by the squares."
    )

    @property
    def states(self) -> int:
        return 1 + int(self.momentum > 0.0) + int(self.centered)


class Adagrad(_Optimizer):
    """torch.optim.Adagrad."""

    summary: ClassVar[str] = "Steps get shorter where gradients were large: for sparse features."

    fused_on: ClassVar[tuple[str, ...]] = ("cpu",)

    lr_decay: Annotated[Number, Field(ge=0.0, le=1.0)] = Field(
        default=0.0, title="lr decay", description="How fast lr falls with the steps."
    )
    weight_decay: WeightDecay = Field(
        default=0.0, title="Weight decay", description="Pulls the weights towards zero (L2)."
    )
    eps: Annotated[Number, Field(gt=0.0, le=1.0)] = Field(
        default=1e-10,
        title="Epsilon",
        description="Added to the denominator, against division by 0.",
    )

    @property
    def states(self) -> int:
        return 1


class LBFGS(_Optimizer):
    """torch.optim.LBFGS; each step measures its batch several times."""

    summary: ClassVar[str] = "Follows the curvature: for small problems with batch size all."
    with_closure: ClassVar[bool] = True
    always_told: ClassVar[tuple[str, ...]] = ("line_search_fn",)
    fused_on: ClassVar[tuple[str, ...]] = ()

    max_iter: Annotated[Size, Field(le=1000)] = Field(
        default=20, title="Iterations", description="At most so many within one step."
    )
    history_size: Annotated[Size, Field(le=1000)] = Field(
        default=100, title="History", description="Gradients that tell the curvature."
    )
    line_search_fn: Literal["strong_wolfe"] | None = Field(
        default="strong_wolfe",
        title="Line search",
        description="strong_wolfe finds the length of each step; empty takes lr.",
    )

    @property
    def states(self) -> int:
        return 2 * self.history_size + 2  # the last gradient and direction too
