"""Muon: torch's class learns matrices only, so AdamW learns beside it what is none."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from workbench.catalog.optimizers import WeightDecay
from workbench.core.source import Source
from workbench.core.spec import Fraction
from workbench.core.train import OptimizerSpec

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


class Muon(OptimizerSpec):
    """torch.optim.Muon for the matrices of hidden layers, torch.optim.AdamW for all else.

    Jordan et al., Muon, 2024; the length of its steps is matched to AdamW's, so that one lr holds
    for both: Liu et al., Muon is Scalable for LLM Training, 2025.
    """

    summary: ClassVar[str] = (
        "Steps of even size in every direction for the matrices of hidden layers; AdamW for "
        "biases, convolutions, embeddings, normalizations and the last layer."
    )

    several: ClassVar[bool] = True

    weight_decay: WeightDecay = Field(
        default=0.1, title="Weight decay", description="Pulls the weights towards zero."
    )
    momentum: Fraction = Field(
        default=0.95, title="Momentum", description="Share of the last step that is kept."
    )
    nesterov: Annotated[bool, Field(strict=True)] = Field(
        default=True, title="Nesterov", description="Look ahead by the momentum."
    )

    @property
    def states(self) -> int:
        return 2  # AdamW's; Muon keeps one

    def make(self, model: "nn.Module", lr: float, fused: bool = True) -> "Optimizer":
        from torch import optim

        matrices, others = split(model)
        made: list[Optimizer] = []
        if matrices:
            arguments = {name: getattr(self, name) for name in type(self).model_fields}
            rms = "match_rms_adamw"
            made.append(optim.Muon(matrices, lr=lr, adjust_lr_fn=rms, **arguments))
        if others:
            made.append(optim.AdamW(others, lr=lr, weight_decay=self.weight_decay))
        together: Optimizer = _together()(made)
        return together

    def source(self, lr: float, fused: bool = True) -> Source:
        told = {name: getattr(self, name) for name in type(self).model_fields}
        text = MAKE.format(lr=lr, **told)
        return Source(("optimizers = make_optimizers(model)",), functions=(text,))


MAKE = '''
def make_optimizers(model):
    """Muon for the matrices of hidden layers, AdamW for all else."""
    tables = {{id(each.weight) for each in model.modules() if isinstance(each, nn.Embedding)}}
    matrices = [each for each in model.parameters() if each.ndim == 2 and id(each) not in tables]
    hidden = {{id(each) for each in matrices[:-1]}}  # the last one gives the output
    others = [each for each in model.parameters() if id(each) not in hidden]
    optimizers = [torch.optim.AdamW(others, lr={lr!r}, weight_decay={weight_decay!r})]
    if hidden:
        muon = torch.optim.Muon(
            matrices[:-1],
            lr={lr!r},
            weight_decay={weight_decay!r},
            momentum={momentum!r},
            nesterov={nesterov!r},
            adjust_lr_fn="match_rms_adamw",
        )
        optimizers.insert(0, muon)
    return optimizers
'''


def split(model: "nn.Module") -> tuple[list[Any], list[Any]]:
    """The parameters that learn: matrices of hidden layers, and all others."""
    from torch import nn

    learned = [each for each in model.parameters() if each.requires_grad]
    tables = {
        id(each)
        for module in model.modules()
        if isinstance(module, nn.Embedding)
        for each in module.parameters()
    }
    matrices = [each for each in learned if each.ndim == 2 and id(each) not in tables]
    hidden = {id(each) for each in matrices[:-1]}  # the last one gives the output
    return (
        [each for each in learned if id(each) in hidden],
        [each for each in learned if id(each) not in hidden],
    )


@cache
def _together() -> Any:
    """The class of one optimizer made of several; made when it is needed, since it needs torch."""
    from torch.optim import Optimizer

    class Together(Optimizer):
        """Steps of several optimizers, each over its own parameters; schedulers see all groups."""

        def __init__(self, parts: list[Optimizer]) -> None:
            self.parts = parts
            super().__init__([group for part in parts for group in part.param_groups], {})
            self._link()

        def _link(self) -> None:
            """The groups are those of the parts, so that a new lr reaches them."""
            self.param_groups = [group for part in self.parts for group in part.param_groups]

        def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
            """Step with each; there is no closure for more than one."""
            for part in self.parts:
                part.step()

        def state_dict(self) -> dict[str, Any]:
            """The states of the parts, in order."""
            return {"parts": [part.state_dict() for part in self.parts]}

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            """Go on from `state_dict`."""
            for part, state in zip(self.parts, state_dict["parts"], strict=True):
                part.load_state_dict(state)
            self._link()

    return Together
