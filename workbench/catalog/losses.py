"""Losses, under their `torch.nn` names."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from workbench.core.data import DatasetInfo
from workbench.core.errors import UserError
from workbench.core.layer import Shape
from workbench.core.spec import Number
from workbench.core.train import LossSpec

if TYPE_CHECKING:
    from torch import Tensor, nn


def _needs_classes(loss: LossSpec, info: DatasetInfo) -> None:
    if info.task != "classification":
        raise UserError(
            "can't be trained with {loss}: it needs classes, and {data} has a number as its "
            "target. Choose MSELoss.",
            loss=loss.kind,
            data=info.title,
        )


class _Loss(LossSpec, abstract=True):
    def criterion(self) -> "nn.Module":
        from torch import nn

        made: nn.Module = getattr(nn, self.kind)(**self.arguments())
        return made


class _OfClasses(_Loss, abstract=True):
    """One output per class, and the number of the class as target."""

    def out_shape(self, info: DatasetInfo) -> Shape:
        _needs_classes(self, info)
        return (len(info.classes),)

    def prepare(self, targets: "Tensor", info: DatasetInfo) -> "Tensor":
        return targets

    def predicted_source(self, output: str, info: DatasetInfo) -> str:
        return f"{output}.argmax(1)"


class CrossEntropyLoss(_OfClasses):
    """torch.nn.CrossEntropyLoss over one score per class."""

    summary: ClassVar[str] = "Softmax and negative log-likelihood in one: for two or more classes."
    takes_probabilities: ClassVar[bool] = True

    label_smoothing: Annotated[Number, Field(ge=0.0, le=1.0)] = Field(
        default=0.0,
        title="Label smoothing",
        description="Share of the target that is spread over all classes, against certainty.",
    )

    def probabilities(self, output: "Tensor", info: DatasetInfo) -> "Tensor":
        return output.softmax(1)

    def probabilities_source(self, output: str, info: DatasetInfo) -> str:
        return f"{output}.softmax(1)"


class NLLLoss(_OfClasses):
    """torch.nn.NLLLoss over log-probabilities, as LogSoftmax gives them."""

    summary: ClassVar[str] = "Negative log-likelihood: for networks that end in LogSoftmax."

    def probabilities(self, output: "Tensor", info: DatasetInfo) -> "Tensor":
        return output.exp()

    def probabilities_source(self, output: str, info: DatasetInfo) -> str:
        return f"{output}.exp()"


class BCEWithLogitsLoss(_Loss):
    """torch.nn.BCEWithLogitsLoss: one score for two classes, else one score per class."""

    summary: ClassVar[str] = "Sigmoid and binary cross-entropy in one: for yes or no."
    takes_probabilities: ClassVar[bool] = True

    def out_shape(self, info: DatasetInfo) -> Shape:
        _needs_classes(self, info)
        return (1,) if len(info.classes) == 2 else (len(info.classes),)

    def prepare(self, targets: "Tensor", info: DatasetInfo) -> "Tensor":
        if len(info.classes) == 2:
            return targets[:, None].float() if targets.ndim == 1 else targets[:, 1:]
        return _one_hot(targets, len(info.classes))

    def probabilities(self, output: "Tensor", info: DatasetInfo) -> "Tensor":
        import torch

        yes = output.sigmoid()
        return torch.cat([1 - yes, yes], 1) if len(info.classes) == 2 else yes

    def probabilities_source(self, output: str, info: DatasetInfo) -> str:
        yes = f"{output}.sigmoid()"
        return f"torch.cat([1 - {yes}, {yes}], 1)" if len(info.classes) == 2 else yes

    def targets_source(self, targets: str, info: DatasetInfo, mixed: bool = False) -> str:
        if len(info.classes) == 2:
            return f"{targets}[:, 1:]" if mixed else f"{targets}[:, None].float()"
        return targets if mixed else _one_hot_source(targets, len(info.classes))

    def predicted_source(self, output: str, info: DatasetInfo) -> str:
        return f"({output}[:, 0] > 0)" if len(info.classes) == 2 else f"{output}.argmax(1)"


class _OfValues(_Loss, abstract=True):
    """The distance to the target value, or to one-hot classes."""

    takes_probabilities: ClassVar[bool] = True

    def out_shape(self, info: DatasetInfo) -> Shape:
        return (len(info.classes),) if info.task == "classification" else (1,)

    def prepare(self, targets: "Tensor", info: DatasetInfo) -> "Tensor":
        if info.task == "classification":
            return _one_hot(targets, len(info.classes))
        mean, std = info.target_scale
        return (targets[:, None] - mean) / std

    def probabilities(self, output: "Tensor", info: DatasetInfo) -> "Tensor":
        if info.task == "classification":
            return output
        mean, std = info.target_scale
        return output[:, 0] * std + mean

    def probabilities_source(self, output: str, info: DatasetInfo) -> str:
        if info.task == "classification":
            return output
        scaled = info.target_scale != (0.0, 1.0)
        return f"{output}[:, 0] * TARGET_STD + TARGET_MEAN" if scaled else f"{output}[:, 0]"

    def targets_source(self, targets: str, info: DatasetInfo, mixed: bool = False) -> str:
        if info.task == "classification":
            return targets if mixed else _one_hot_source(targets, len(info.classes))
        mean, std = info.target_scale
        if (mean, std) == (0.0, 1.0):
            return f"{targets}[:, None]"
        return f"({targets}[:, None] - TARGET_MEAN) / TARGET_STD"

    def predicted_source(self, output: str, info: DatasetInfo) -> str:
        if info.task == "classification":
            return f"{output}.argmax(1)"
        scaled = info.target_scale != (0.0, 1.0)
        return f"({output}[:, 0] * TARGET_STD + TARGET_MEAN)" if scaled else f"{output}[:, 0]"


class MSELoss(_OfValues):
    """torch.nn.MSELoss to the target value, or to one-hot classes."""

    summary: ClassVar[str] = "The mean squared difference: for numbers."


class L1Loss(_OfValues):
    """torch.nn.L1Loss to the target value, or to one-hot classes."""

    summary: ClassVar[str] = "The mean absolute difference: bears outliers."


class SmoothL1Loss(_OfValues):
    """torch.nn.SmoothL1Loss to the target value, or to one-hot classes."""

    summary: ClassVar[str] = "Squared near the target, absolute far from it: bears outliers."

    beta: Annotated[Number, Field(ge=0.0, le=1e6)] = Field(
        default=1.0, title="Beta", description="The difference at which squared becomes absolute."
    )


class HuberLoss(_OfValues):
    """torch.nn.HuberLoss to the target value, or to one-hot classes."""

    summary: ClassVar[str] = "SmoothL1Loss times delta: squared near, absolute far."

    delta: Annotated[Number, Field(gt=0.0, le=1e6)] = Field(
        default=1.0, title="Delta", description="The difference at which squared becomes absolute."
    )


def _one_hot(targets: "Tensor", classes: int) -> "Tensor":
    from torch.nn import functional

    if targets.ndim == 2:  # class probabilities
        return targets
    return functional.one_hot(targets, classes).float()


def _one_hot_source(targets: str, classes: int) -> str:
    return f"nn.functional.one_hot({targets}, {classes}).float()"
